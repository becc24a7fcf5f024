import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { append } from "../../content/append.ts";
import { DrayError, unreadable } from "../../errors.ts";
import { beginsAsSeveral } from "./begins-as-several.ts";
import { chooseCopy } from "./choose-copy.ts";
import { fileNames, type NamedParts } from "./named-parts.ts";
import { familyOf, isFirstNoPiece, partOf, type Part } from "./part-name.ts";
import type { PartSet, Piece } from "./part-set.ts";
import { isPartSums, readPartSums, type PartSums } from "./part-sums.ts";
import { findRenamed, missing } from "./missing-parts.ts";
import { readZarfHead, type ZarfHead } from "./zarf-head.ts";

/**
 * Gathers the parts that are meant from where they lie; `more` are further folders, as `foldersOf` gives them. Undefined where
 * they turn out to be files of their own.
 *
 * @throws DrayError `DRAY_PART_MISSING`, `DRAY_PARTS_MIXED`
 */
export async function gatherParts(
  named: NamedParts,
  more: readonly string[],
): Promise<PartSet | undefined> {
  const folders = [...new Set([named.folder, ...more])];
  const { part } = named;
  const { found, strangers } = await look(folders, part);
  const sums = await readPartSums(folders, part.whole);
  const head = await takeHead(found, part);
  const listed = listedNumbers(sums, part);
  if (listed === undefined && head === undefined && (await areNone(found))) return undefined;
  const wanted = listed ?? numbersFrom([part.number, ...found.keys()], head);
  const { pieces, lost } = await chooseAll(wanted, found, sums);
  const renamed = await findRenamed({ part, lost, sums, strangers });
  append(pieces, renamed.pieces);
  const gone = lost.filter((number) => !pieces.some((piece) => piece.number === number));
  if (gone.length > 0) throw missing(part, gone, { total: listed?.length ?? head?.count, folders });
  const path = join(folders[0] ?? "", part.whole);
  const inOrder = pieces.toSorted((a, b) => a.number - b.number);
  return { path, part, pieces: inOrder, folders, sums, head, notes: renamed.notes };
}

/** Nothing is there, or files of their own. */
async function areNone(found: Looked["found"]): Promise<boolean> {
  return found.size === 0 || beginsAsSeveral([...found.values()].map(([first]) => first));
}

async function chooseAll(
  wanted: readonly number[],
  found: Looked["found"],
  sums: PartSums | undefined,
): Promise<{ pieces: Piece[]; lost: number[] }> {
  const pieces: Piece[] = [];
  const lost: number[] = [];
  for (const number of wanted) {
    const chosen = await chooseCopy(found.get(number) ?? [], sums);
    if (chosen === undefined) lost.push(number);
    else pieces.push(chosen);
  }
  return { pieces, lost };
}

/**
 * The folders that were named; a part, or the list of parts, stands for the one that it lies in.
 * @throws DrayError `DRAY_FILE_NOT_FOUND` for what is not there, or neither
 */
export async function foldersOf(more: readonly string[]): Promise<string[]> {
  const folders: string[] = [];
  for (const path of more) {
    try {
      const isFolder = (await stat(path)).isDirectory();
      if (!isFolder && partOf(basename(path)) === undefined && !isPartSums(path))
        throw noFolder(path);
      folders.push(isFolder ? path : dirname(path));
    } catch (cause) {
      if (cause instanceof DrayError) throw cause;
      throw unreadable(cause, "folder of parts", path) ?? cause;
    }
  }
  return folders;
}

function noFolder(path: string): DrayError {
  return new DrayError(
    "DRAY_FILE_NOT_FOUND",
    `Cannot read folder of parts ${JSON.stringify(path)}: expected a folder, or a part in one, found another file`,
    { kind: "usage", hint: "Name the folder in which further parts lie, one with each --parts." },
  );
}

interface Looked {
  /** Of each number all that there are. */
  readonly found: Map<number, [Piece, ...Piece[]]>;
  /** Files that are no part of it by their names. */
  readonly strangers: readonly string[];
}

async function look(folders: readonly string[], wanted: Part): Promise<Looked> {
  const found = new Map<number, [Piece, ...Piece[]]>();
  const strangers: string[] = [];
  for (const folder of folders) {
    for (const name of await fileNames(folder)) {
      const path = join(folder, name);
      const part = partOf(name);
      if (part === undefined || familyOf(part) !== familyOf(wanted)) {
        strangers.push(path);
        continue;
      }
      const piece = { path, size: (await stat(path)).size, number: part.number };
      const copies = found.get(part.number);
      if (copies === undefined) found.set(part.number, [piece]);
      else copies.push(piece);
    }
  }
  return { found, strangers };
}

/** What Zarf puts before the parts is none of them. */
async function takeHead(found: Looked["found"], part: Part): Promise<ZarfHead | undefined> {
  const first = found.get(0)?.[0];
  const head = first === undefined ? undefined : await readZarfHead(first);
  if (head !== undefined || isFirstNoPiece(part)) found.delete(0);
  return head;
}

/** The numbers that a list of sums knows; undefined if it knows no parts. */
function listedNumbers(sums: PartSums | undefined, wanted: Part): number[] | undefined {
  const numbers = (sums?.names ?? []).flatMap((name) => {
    const part = partOf(name);
    return part !== undefined && familyOf(part) === familyOf(wanted) ? [part.number] : [];
  });
  return numbers.length === 0 ? undefined : numbers;
}

/** Parts are counted from 0 or 1, without a gap; of what comes behind the last nobody knows. */
function numbersFrom(found: readonly number[], head: ZarfHead | undefined): number[] {
  const first = head === undefined && found.includes(0) ? 0 : 1;
  const last = head?.count ?? found.reduce((most, number) => Math.max(most, number), first);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
