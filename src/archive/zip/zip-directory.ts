import { Readable } from "node:stream";
import { fromRandomAccessReaderPromise, RandomAccessReader } from "yauzl";
import { DrayError } from "../../errors.ts";
import { SeekCursor } from "../cursor.ts";
import type { FileRange } from "../file-range.ts";
import { joiningZip } from "../known-file.ts";
import { toMember, zipDamaged, zipEncrypted, type NamedZip, type ZipMember } from "./zip-member.ts";

export interface ZipDirectory {
  /** By their place in the file. */
  readonly members: readonly ZipMember[];
  /** Where the directory itself begins, behind all members. */
  readonly start: number;
}

/** More members than any bundle has, and as many bytes of names and remarks as fit in memory. */
const MAX_MEMBERS = 1_000_000;
const MAX_DIRECTORY_BYTES = 256 * 1024 * 1024;

/** The record at the end of the directory, and the one that stands before it in a Zip64. */
const END_RECORD = 0x06054b50;
const END_RECORD_64 = 0x06064b50;
const END_SIGNATURE = Buffer.from("PK\x05\x06");
const END_BYTES = 22;

/** @throws DrayError `DRAY_ZIP_DAMAGED`, `DRAY_ARCHIVE_UNSUPPORTED`, `DRAY_ARCHIVE_TOO_LARGE` */
export async function readZipDirectory(range: FileRange, named: NamedZip): Promise<ZipDirectory> {
  if (await isFinderZip(range)) throw finderZip(named.what);
  try {
    return await read(range.slice(0, await zipEnd(range)), named);
  } catch (error) {
    throw error instanceof DrayError ? error : notRead(named, error);
  }
}

const MAX_COMMENT = 0xffff;
/** Programs that write whole blocks fill up the last with zeros: to a multiple of this at least. */
const MAX_TAIL = 64 * 1024;
const LEAST_BLOCK = 512;

/** Where the zip ends: at the end of the file, or before zeros. */
async function zipEnd(range: FileRange): Promise<number> {
  const length = Math.min(range.size, END_BYTES + MAX_COMMENT + MAX_TAIL);
  const tail = await range.fill(range.size - length, Buffer.alloc(length));
  const record = tail.lastIndexOf(END_SIGNATURE);
  if (record === -1 || record + END_BYTES > length) return range.size;
  const end = record + END_BYTES + tail.readUInt16LE(record + 20);
  const hasZeros = tail.subarray(end).every((byte) => byte === 0);
  const areBlocks = range.size % LEAST_BLOCK === 0;
  return areBlocks && hasZeros && end <= length ? range.size - length + end : range.size;
}

async function read(range: FileRange, named: NamedZip): Promise<ZipDirectory> {
  const zip = await fromRandomAccessReaderPromise(new RangeReader(range), range.size, {
    autoClose: false,
    decodeStrings: false,
  });
  // Declared as a boolean; it is the place of the next entry.
  const cursor = (): number => Number(zip.readEntryCursor);
  const start = cursor();
  if (zip.entryCount > MAX_MEMBERS || range.size - start > MAX_DIRECTORY_BYTES) {
    throw tooMany(named.what);
  }
  const members: ZipMember[] = [];
  for await (const entry of zip.eachEntry()) members.push(toMember(entry, named));
  await requireEnd(range, cursor(), named.what);
  return { members: members.toSorted((a, b) => a.offset - b.offset), start };
}

/** yauzl asks for a few bytes at a time; most of them lie in one window. */
class RangeReader extends RandomAccessReader {
  readonly #cursor: SeekCursor;
  readonly #range: FileRange;

  constructor(range: FileRange) {
    super();
    this.#range = range;
    this.#cursor = new SeekCursor(range);
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#range.read(start, end - start), { objectMode: false });
  }

  override read(
    ...[buffer, offset, length, position, done]: Parameters<RandomAccessReader["read"]>
  ): void {
    const answer = done as (error: unknown, bytesRead?: number) => void;
    this.#take(position, length).then(
      (bytes) => answer(null, bytes.copy(buffer, offset)),
      (error: unknown) => answer(error),
    );
  }

  async #take(position: number, length: number): Promise<Buffer> {
    this.#cursor.position = position;
    return this.#cursor.take(length);
  }
}

/** Two readers that stop at different places see two archives. */
async function requireEnd(range: FileRange, position: number, what: string): Promise<void> {
  const signature = (await range.fill(position, Buffer.alloc(4))).readUInt32LE();
  if (signature === END_RECORD || signature === END_RECORD_64) return;
  throw zipDamaged(what, undefined, "its directory does not end where it says");
}

function tooMany(what: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TOO_LARGE",
    `Cannot read the zip ${what}: expected at most ${MAX_MEMBERS} entries and ${MAX_DIRECTORY_BYTES} bytes of names, found more`,
    { kind: "refused" },
  );
}

/** What yauzl says, with what to do about it. */
function notRead(named: NamedZip, cause: unknown): DrayError {
  const { what, file } = named;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (reason.startsWith("multi-disk")) {
    return new DrayError(
      "DRAY_ARCHIVE_UNSUPPORTED",
      `Cannot read the zip ${what}: expected one file, found one part of several`,
      {
        kind: "refused",
        cause,
        hint: joiningZip(file),
      },
    );
  }
  if (reason.startsWith("End of central directory")) {
    return new DrayError(
      "DRAY_ARCHIVE_TRUNCATED",
      `Cannot read the zip ${what} to its end: its directory, which comes last, is not there`,
      {
        kind: "refused",
        cause,
        hint: "The copy is incomplete. Copy the file again and compare the sizes.",
      },
    );
  }
  if (reason.startsWith("strong encryption")) return zipEncrypted(named, undefined);
  return zipDamaged(what, undefined, REASONS.find(([sign]) => sign.test(reason))?.[1] ?? UNKNOWN);
}

/** What yauzl complains of, in words. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/comment length/, "something follows its end"],
  [/signature/, "a record of its directory is not where it has to be"],
  [/size/, "the sizes that it states do not fit together"],
];

const UNKNOWN = "its directory, which comes last, is damaged";

/** Beyond this a zip needs the Zip64 records, which the Finder does not write. */
const TURN = 2 ** 32;

/**
 * True for a zip that the Finder made of more than 4 GiB: it counts its places from 0 again, so that
 * nothing in it lies where it says.
 */
async function isFinderZip(range: FileRange): Promise<boolean> {
  if (range.size < TURN) return false;
  const end = await range.fill(range.size - END_BYTES, Buffer.alloc(END_BYTES));
  if (end.readUInt32LE(0) !== END_RECORD) return false;
  const stated = end.readUInt32LE(16);
  const real = range.size - END_BYTES - end.readUInt32LE(12);
  return stated !== TURN - 1 && stated !== real && (real - stated) % TURN === 0;
}

function finderZip(what: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_UNSUPPORTED",
    `Cannot read the zip ${what}: expected places in the file, found them counted from 0 again after 4 GiB, as the Finder of macOS does`,
    {
      kind: "refused",
      hint: "Carry the bundle's own file instead of a zip of it, or pack it with `zip -r` in a terminal.",
    },
  );
}
