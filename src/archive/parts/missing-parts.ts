import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { DrayError, shellWord } from "../../errors.ts";
import type { Finding } from "../../finding.ts";
import { sumOfFile } from "./choose-copy.ts";
import type { Piece } from "./part-set.ts";
import { nameOfPart, type Part } from "./part-name.ts";
import { PART_SUMS_ENDING, type PartSums } from "./part-sums.ts";

/** More files beside the parts are not looked into. */
const MAX_STRANGERS = 20;

/** More names than these say no more. */
const MAX_NAMED = 10;

interface Lost {
  readonly part: Part;
  /** Numbers of parts that are not there under their names. */
  readonly lost: readonly number[];
  readonly sums: PartSums | undefined;
  /** What else lies there. */
  readonly strangers: readonly string[];
}

/** Finds parts that lost their names, where the list of sums proves which they are. */
export async function findRenamed({
  part,
  lost,
  sums,
  strangers,
}: Lost): Promise<{ pieces: Piece[]; notes: Finding[] }> {
  const pieces: Piece[] = [];
  const notes: Finding[] = [];
  if (lost.length === 0 || sums === undefined) return { pieces, notes };
  const wanted = new Map(
    lost.map((number) => [sums.of(basename(nameOfPart(part, number))), number] as const),
  );
  for (const path of strangers.slice(0, MAX_STRANGERS)) {
    const found = await stat(path);
    if (!found.isFile()) continue;
    const { size } = found;
    const number = wanted.get(await sumOfFile({ path, size }));
    if (number === undefined || pieces.some((piece) => piece.number === number)) continue;
    pieces.push({ path, size, number });
    const message = `${JSON.stringify(path)} is part ${number} of ${part.whole}, by the list of its sums: it lost its name on the way`;
    notes.push({ code: "NAME_CHANGED", severity: "info", entry: basename(path), message });
  }
  return { pieces, notes };
}

interface Known {
  /** How many parts there are, where something says so. */
  readonly total: number | undefined;
  readonly folders: readonly string[];
}

/** The error that says which parts are not there, and how to have only those again. */
export function missing(
  part: Part,
  numbers: readonly number[],
  { total, folders }: Known,
): DrayError {
  const whole = basename(part.whole);
  const more = numbers.length > MAX_NAMED ? ` and ${numbers.length - MAX_NAMED} more` : "";
  const named = numbers.slice(0, MAX_NAMED).join(", ");
  const of = total === undefined ? "" : ` of ${total}`;
  const which = numbers.length === 1 ? `part ${named}${of} is` : `parts ${named}${more}${of} are`;
  const names = numbers.slice(0, MAX_NAMED).map((number) => basename(nameOfPart(part, number)));
  const places = folders.map((folder) => JSON.stringify(folder)).join(", ");
  const flags = numbers.map((number) => `--part ${number}`).join(" ");
  const again =
    total === undefined ? "" : ` \`${checkLine(whole)}\` says whether the others are whole.`;
  return new DrayError(
    "DRAY_PART_MISSING",
    `Cannot read the parts of ${JSON.stringify(whole)}: ${which} missing (${names.join(", ")}${more}), looked for in ${places}`,
    {
      kind: "refused",
      hint: `Where it lies in another folder, name that too: --parts DIR. To write it once more: \`dray split ${shellWord(whole)} --size SIZE ${flags}\`.${again}`,
    },
  );
}

function checkLine(whole: string): string {
  return `sha256sum --check --ignore-missing ${shellWord(whole + PART_SUMS_ENDING)}`;
}
