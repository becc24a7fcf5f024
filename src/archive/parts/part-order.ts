import { basename } from "node:path";
import { DrayError } from "../../errors.ts";
import type { Finding } from "../../finding.ts";
import type { FilePiece } from "../file-range.ts";
import {
  findMemberHeader,
  MEMBER_BYTES,
  MEMBER_HEADER,
  readMemberHeader,
} from "../members/gzip-members.ts";
import { listedOrder } from "./listed-order.ts";
import type { PartSet, Piece } from "./part-set.ts";
import { sizeOf, withPieces } from "./several-files.ts";

/**
 * The parts in the order in which their content belongs, where that can be told: each gzip member of a
 * bundle says which it is, and so every part where it begins. What is not in that framing is left as it is.
 *
 * @throws DrayError `DRAY_PART_MISPLACED`
 */
export async function ordered(set: PartSet): Promise<PartSet> {
  if (!(await isFramed(set))) return set;
  if (set.pieces.slice(0, -1).some(({ size }) => size < TELLING_BYTES)) return asListed(set);
  if (await fits(set.pieces)) return set;
  const starts = new Map<Piece, number>();
  for (const piece of set.pieces) {
    const start = await startOf(piece);
    if (start === undefined) return asListed(set);
    starts.set(piece, start);
  }
  const byStart = set.pieces.toSorted((a, b) => (starts.get(a) ?? 0) - (starts.get(b) ?? 0));
  const problem = twice(set, byStart, starts) ?? gap(set, byStart, starts);
  if (problem !== undefined) throw problem;
  return renamed(set, byStart);
}

/** What is smaller may hold no head of a member, which would tell its place. */
const TELLING_BYTES = MEMBER_BYTES + MEMBER_HEADER;

/** In the order that the list of sums proves, where there is one: too little is in them to tell by. */
async function asListed(set: PartSet): Promise<PartSet> {
  const byList = await listedOrder(set);
  const isOther = byList.some((piece, index) => set.pieces[index] !== piece);
  return isOther ? renamed(set, byList) : set;
}

/** What a part is decides its number, and not its name. */
function numbered(byStart: readonly Piece[], byName: readonly Piece[]): Piece[] {
  return byStart.map((piece, index) => ({
    ...piece,
    number: byName[index]?.number ?? piece.number,
  }));
}

/** Some part is the first of a bundle that dray has written. */
async function isFramed({ pieces }: PartSet): Promise<boolean> {
  for (const piece of pieces) {
    const head = piece.size < MEMBER_HEADER ? undefined : await bytesOf(piece, 0, MEMBER_HEADER);
    if (head !== undefined && readMemberHeader(head)?.number === 0) return true;
  }
  return false;
}

function bytesOf(piece: FilePiece, at: number, length: number): Promise<Buffer> {
  return withPieces([piece], (range) => range.fill(at, Buffer.allocUnsafeSlow(length)));
}

/** The first member that begins in each part says that it is the one that belongs there. */
async function fits(pieces: readonly Piece[]): Promise<boolean> {
  let start = 0;
  for (const piece of pieces) {
    const number = Math.ceil(start / MEMBER_BYTES);
    const at = number * MEMBER_BYTES - start;
    if (at + MEMBER_HEADER <= piece.size) {
      const header = readMemberHeader(await bytesOf(piece, at, MEMBER_HEADER));
      if (header?.number !== number) return false;
    }
    start += piece.size;
  }
  return true;
}

/** Where in its bundle a part begins, as the first member in it says. */
async function startOf(piece: Piece): Promise<number | undefined> {
  const length = Math.min(piece.size, MEMBER_BYTES + MEMBER_HEADER);
  const found = findMemberHeader(await bytesOf(piece, 0, length));
  return found === undefined ? undefined : found.number * MEMBER_BYTES - found.offset;
}

type Starts = ReadonlyMap<Piece, number>;

/** Two that begin at the same place of a bundle, and one of them not at its own. */
function twice(set: PartSet, byStart: readonly Piece[], starts: Starts): DrayError | undefined {
  const second = byStart.find((piece, index) => {
    const before = byStart[index - 1];
    return before !== undefined && starts.get(before) === starts.get(piece);
  });
  const first = second && byStart[byStart.indexOf(second) - 1];
  if (first === undefined || second === undefined) return undefined;
  const isOwn = nominalStart(set, first) === starts.get(first);
  const [original, copy] = isOwn ? [first, second] : [second, first];
  return refused(
    set,
    `${named(copy)} holds the stretch of a bundle that ${named(original)} holds`,
    `Carry part ${copy.number} again; the other parts stay as they are.`,
  );
}

function nominalStart({ pieces }: PartSet, piece: Piece): number {
  return sizeOf(pieces.slice(0, pieces.indexOf(piece)));
}

/** The first that does not begin where what is before it ends. */
function gap(set: PartSet, byStart: readonly Piece[], starts: Starts): DrayError | undefined {
  let end = 0;
  let before: Piece | undefined;
  for (const piece of byStart) {
    const start = starts.get(piece) ?? 0;
    if (start !== end) return misplaced(set, { before, piece, start, end });
    end = start + piece.size;
    before = piece;
  }
  return undefined;
}

interface Misplaced {
  readonly before: Piece | undefined;
  readonly piece: Piece;
  /** Where it begins, and where it should. */
  readonly start: number;
  readonly end: number;
}

function misplaced(set: PartSet, { before, piece, start, end }: Misplaced): DrayError {
  if (before === undefined) {
    const what = `${named(piece)} begins at byte ${start} of a bundle, and no part at byte 0`;
    return refused(set, what, "Carry the first part again.");
  }
  if (start > end) {
    const what = `${start - end} bytes are missing between ${named(before)} and ${named(piece)}`;
    return refused(
      set,
      `${what}: one was cut short, or is of another bundle`,
      `Carry part ${before.number} again; the other parts stay as they are.`,
    );
  }
  return refused(
    set,
    `${named(before)} has ${end - start} bytes more than fit before ${named(piece)}`,
    "One of the two is of another bundle, or was cut at another size: carry both again.",
  );
}

function named({ number, path }: Piece): string {
  return `part ${number} (${basename(path)})`;
}

function refused({ path }: PartSet, what: string, hint: string): DrayError {
  return new DrayError(
    "DRAY_PART_MISPLACED",
    `Cannot read the parts of ${JSON.stringify(basename(path))}: ${what}`,
    { kind: "refused", hint },
  );
}

/** The same parts in the order of their content, which is said. */
function renamed(set: PartSet, inOrder: readonly Piece[]): PartSet {
  const moved = inOrder.filter((piece, index) => set.pieces[index] !== piece);
  const names = moved.map(({ path }) => basename(path)).join(", ");
  const message = `Parts have each other's names (${names}): they were read in the order of their content`;
  const entry = basename(moved[0]?.path ?? "");
  const note: Finding = { code: "NAME_CHANGED", severity: "info", entry, message };
  return { ...set, pieces: numbered(inOrder, set.pieces), notes: [...set.notes, note] };
}
