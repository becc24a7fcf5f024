import { DrayError, shellWord } from "../../errors.ts";
import type { FileRange } from "../file-range.ts";
import {
  BLOCK_BYTES,
  BLOCK_HEADER,
  findMemberHeader,
  MEMBER_BYTES,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
  memberBytes,
  readMemberHeader,
  type MemberHeader,
} from "./gzip-members.ts";
import { damaged } from "./member-damage.ts";
import { zeroTail } from "../tar/zero-tail.ts";

/** How far a framed file goes. */
export interface MemberExtent {
  readonly members: number;
  /** Bytes of tar, as the last member states its own. */
  readonly tarSize: number;
  /** Bytes of tar that are there: fewer if the file was cut. */
  readonly present: number;
}

/**
 * Finds out where a framed file ends. One that was cut ends early: whoever reads that far finds out.
 * @throws DrayError `DRAY_FRAMING_DAMAGED`, `DRAY_FILE_ZEROED`, `DRAY_FILE_PART`
 */
export async function memberExtent(file: FileRange): Promise<MemberExtent> {
  const { size } = file;
  const members = Math.ceil(size / MEMBER_BYTES);
  const start = (members - 1) * MEMBER_BYTES;
  if (size - start < MEMBER_HEADER) throw cannotEnd(members - 1, size - start);
  const last = await headerAt(file, start);
  if (last?.number !== members - 1) throw await misplaced(file, { members, last });
  const end = start + memberBytes(last.payload);
  if (end < size) throw tooMany(members - 1, { end, size });
  const before = (members - 1) * MEMBER_PAYLOAD;
  const present = before + payloadIn(size - start, last.payload);
  return { members, tarSize: before + last.payload, present };
}

async function headerAt(file: FileRange, position: number): Promise<MemberHeader | undefined> {
  return readMemberHeader(await file.fill(position, Buffer.alloc(MEMBER_HEADER)));
}

function cannotEnd(member: number, left: number): DrayError {
  return damaged(member, `expected another piece of the bundle, found the last ${left} bytes`);
}

function tooMany(member: number, { end, size }: { end: number; size: number }): DrayError {
  const more = size - end;
  return damaged(
    member,
    `expected the end of the file at byte ${end}, found ${more} bytes more; was something added to it?`,
  );
}

/** Bytes of tar in the first `present` bytes of a member. */
function payloadIn(present: number, payload: number): number {
  const stored = Math.max(0, present - MEMBER_HEADER);
  const blocks = Math.floor(stored / BLOCK_BYTES);
  const rest = Math.max(0, stored - blocks * BLOCK_BYTES - BLOCK_HEADER);
  return Math.min(payload, blocks * (BLOCK_BYTES - BLOCK_HEADER) + rest);
}

/** Why the last member is not where it must be. */
async function misplaced(
  file: FileRange,
  { members, last }: { members: number; last: MemberHeader | undefined },
): Promise<DrayError> {
  const zeros = await zeroTail(file);
  if (zeros !== undefined) return zeros;
  const first = await headerAt(file, 0);
  if (first !== undefined && first.number > 0 && last?.number === first.number + members - 1) {
    return isPart(first.number * MEMBER_BYTES);
  }
  const bad = await firstMisplaced(file, members);
  const next = await nextMember(file, bad * MEMBER_BYTES);
  if (next === undefined) return damaged(bad, "its header does not say where it stands");
  if (next.number === 0) {
    return damaged(bad, `another bundle begins at byte ${next.position}; were two joined?`);
  }
  const gap = next.number * MEMBER_BYTES - next.position;
  const what = gap > 0 ? `${gap} bytes are missing` : `there are ${-gap} bytes too many`;
  return damaged(bad, `${what} before byte ${next.position}; are all parts there, in order?`);
}

/** The first member whose header is not where it must be, if none is behind that one. */
async function firstMisplaced(file: FileRange, members: number): Promise<number> {
  let [good, bad] = [0, members - 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    const header = await headerAt(file, middle * MEMBER_BYTES);
    if (header?.number === middle) good = middle;
    else bad = middle;
  }
  return bad;
}

/** The first header of a member from `position` on. */
async function nextMember(
  file: FileRange,
  position: number,
): Promise<{ position: number; number: number } | undefined> {
  const length = Math.min(file.size - position, MEMBER_BYTES + MEMBER_HEADER);
  if (length < MEMBER_HEADER) return undefined;
  const window = await file.fill(position, Buffer.allocUnsafeSlow(length));
  const found = findMemberHeader(window);
  return found === undefined
    ? undefined
    : { position: position + found.offset, number: found.number };
}

/**
 * What to say of a file that begins in the midst of a bundle: undefined if it does not. `path` is for
 * command lines.
 */
export async function laterPart(file: FileRange, path: string): Promise<DrayError | undefined> {
  const next = await nextMember(file, 0);
  if (next?.number === 0) return preceded(next.position, path);
  return next === undefined ? undefined : isPart(next.number * MEMBER_BYTES - next.position);
}

/** A bundle that begins late, because something was put before it. */
function preceded(bytes: number, path: string): DrayError {
  const named = bytes === 1 ? "1 byte" : `${bytes} bytes`;
  return new DrayError(
    "DRAY_FRAMING_DAMAGED",
    `Cannot open the bundle: expected its start at byte 0, found ${named} before it`,
    {
      kind: "refused",
      hint: `Copy the file again, or take them off: \`tail -c +${bytes + 1} ${shellWord(path)} > ${shellWord(`${path}.bundle`)}\`.`,
    },
  );
}

function isPart(start: number): DrayError {
  return new DrayError(
    "DRAY_FILE_PART",
    `Cannot open a part alone: expected the start of a bundle, found what stands at byte ${start} of one`,
    {
      kind: "refused",
      hint: "Put all parts into one folder, under the names that they were written with, and name that. Or join them in order: `cat`, on Windows `copy /b`.",
    },
  );
}
