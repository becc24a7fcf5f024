import { basename } from "node:path";
import type { Finding } from "../../finding.ts";
import { damagedMembers } from "./damaged-members.ts";
import { MEMBER_BYTES } from "../members/gzip-members.ts";
import { zeroTailOf } from "../tar/zero-tail.ts";
import { sumOfFile, sumOfFiles } from "./choose-copy.ts";
import { nameOfPart } from "./part-name.ts";
import type { PartSet, Piece } from "./part-set.ts";
import { sizeOf, withPieces } from "./several-files.ts";

/** Says which parts are to be carried again, when something about the whole is known to be wrong. */
export async function damagedParts(set: PartSet): Promise<Finding[]> {
  const zeroed = await zeroedParts(set);
  if (zeroed.length > 0) return zeroed;
  if (set.pieces.some((piece) => listedSum(set, piece) !== undefined)) return bySums(set);
  const cut = bySizes(set);
  return cut.length > 0 ? cut : byMembers(set);
}

/** Parts are of one size, but for the last: a smaller one was cut short. */
function bySizes(set: PartSet): Finding[] {
  const whole = set.pieces.reduce((most, { size }) => Math.max(most, size), 0);
  const short = set.pieces.slice(0, -1).filter(({ size }) => size < whole);
  return short.map((piece) =>
    damaged(set, [piece], `it has ${piece.size} bytes, another has ${whole}: it was cut short`),
  );
}

/** What Zarf says of the whole, and Zarf does not compare: reads all of it. */
export async function otherThanSaid(set: PartSet | undefined): Promise<Finding[]> {
  if (set?.head === undefined) return [];
  const { bytes, sha256 } = set.head;
  const size = sizeOf(set.pieces);
  const found = await sumOfFiles(set.pieces);
  if (size === bytes && found === sha256) return [];
  return [
    {
      code: "PART_DAMAGED",
      severity: "error",
      entry: basename(set.path),
      message: `The parts of ${basename(set.path)} are together not what its part 0 says: ${bytes} bytes`,
      wanted: `sha256:${sha256}`,
      found: `sha256:${found}`,
      hint: "A part changed on the way, or is of another package: carry all of them again.",
    },
  ];
}

/** Parts that end in zeros: their medium was pulled before they were written. */
async function zeroedParts(set: PartSet): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const piece of set.pieces) {
    const zeros = await zeroTailOf([piece]);
    if (zeros !== undefined) findings.push(damaged(set, [piece], reasonOf(zeros.message)));
  }
  return findings;
}

/** What stands behind the colon. */
function reasonOf(message: string): string {
  return message.slice(message.indexOf(": ") + 2);
}

/** By its number: a part may have lost its name, or have another's. */
function listedSum({ sums, part }: PartSet, { number }: Piece): string | undefined {
  return sums?.of(basename(nameOfPart(part, number)));
}

/** Parts that are not what the list of their sums says. */
async function bySums(set: PartSet): Promise<Finding[]> {
  const findings: Finding[] = [];
  const listed = new Map(
    set.pieces.flatMap((piece) => {
      const sum = listedSum(set, piece);
      return sum === undefined ? [] : [[sum, piece] as const];
    }),
  );
  for (const piece of set.pieces) {
    const wanted = listedSum(set, piece);
    if (wanted === undefined) continue;
    const found = await sumOfFile(piece);
    if (found === wanted) continue;
    const other = listed.get(found);
    const reason =
      other === undefined
        ? "its content is not what the list of sums says"
        : `it has the content of part ${other.number}`;
    findings.push({
      ...damaged(set, [piece], reason),
      wanted: `sha256:${wanted}`,
      found: `sha256:${found}`,
    });
  }
  return findings.length > 0 ? findings : [older(set)];
}

/** Every part is what it was when it was cut. */
function older({ path }: PartSet): Finding {
  return {
    code: "PART_DAMAGED",
    severity: "error",
    entry: basename(path),
    message: `Every part of ${basename(path)} is what the list of sums says: what is wrong was so before it was cut`,
    hint: "Carry none of the parts again as it is: verify the bundle where it was made.",
  };
}

/** Parts in which gzip members lie that do not have the checksum that they state. */
async function byMembers(set: PartSet): Promise<Finding[]> {
  return withPieces(set.pieces, async (range) => {
    const hit = new Map<string, readonly Piece[]>();
    for (const member of await damagedMembers(range)) {
      const pieces = piecesAt(set, member * MEMBER_BYTES, (member + 1) * MEMBER_BYTES);
      hit.set(pieces.map(({ number }) => number).join(), pieces);
    }
    const alone = new Set([...hit.values()].flatMap((pieces) => (pieces.length > 1 ? [] : pieces)));
    // Where two parts share a damaged member, one that is known to be damaged explains it.
    const open = [...hit.values()].filter(
      (pieces) => pieces.length > 1 && !pieces.some((one) => alone.has(one)),
    );
    const reason = "bytes of it changed on the way";
    return [
      ...[...alone].map((piece) => damaged(set, [piece], reason)),
      ...open.map((pieces) => damaged(set, pieces, "bytes where they meet changed on the way")),
    ];
  });
}

/**
 * What to say where the last part that is there ends before the whole does. `lack` is by how much, in
 * words, where that can be told: `at least 300 bytes`.
 */
export function endsEarly(set: PartSet, lack?: string): Finding[] {
  const [first] = set.pieces;
  const last = set.pieces.at(-1);
  if (first === undefined || last === undefined) return [];
  if (last.size < first.size || set.pieces.length === 1) {
    const by = lack === undefined ? "" : ` by ${lack}`;
    return [damaged(set, [last], `it is cut short${by}, or further parts are missing`)];
  }
  const name = basename(nameOfPart(set.part, last.number + 1));
  return [
    {
      code: "PART_MISSING",
      severity: "error",
      entry: name,
      message: `What comes behind part ${last.number} is missing: ${name} and on${lack === undefined ? "" : `, ${lack}`}`,
      hint: "Copy it to the others, or name the folder where it lies with --parts.",
    },
  ];
}

function piecesAt({ pieces }: PartSet, from: number, to: number): Piece[] {
  const hit: Piece[] = [];
  let start = 0;
  for (const piece of pieces) {
    if (start < to && start + piece.size > from) hit.push(piece);
    start += piece.size;
  }
  return hit;
}

function damaged(
  { pieces: all, path }: PartSet,
  pieces: readonly Piece[],
  reason: string,
): Finding {
  const numbers = pieces.map(({ number }) => number).join(" or ");
  const names = pieces.map((piece) => basename(piece.path)).join(" or ");
  const rest = all.length > pieces.length ? "; no other part has to be" : "";
  return {
    code: "PART_DAMAGED",
    severity: "error",
    entry: names,
    message: `Part ${numbers} of ${all.length} of ${basename(path)} (${names}) is damaged: ${reason}`,
    hint: `Carry part ${numbers} again${rest}.`,
  };
}
