import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";

/** Bytes that can be read at any place. */
export interface ByteRange {
  readonly size: number;
  /** Exactly `length` bytes from `offset`, in pieces; throws where there are not so many. */
  read(offset: number, length: number): Bytes;
}

/** Which bytes to read, and where to put them: `length` of them from `offset` of the buffer on. */
export interface ReadRequest {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly position: number;
}

/** What can be read at any place: an open file, or several that are read as one. */
export interface Readable {
  /** May read less than is asked for, and nothing at the end. */
  read(request: ReadRequest): Promise<{ readonly bytesRead: number }>;
}

/** One of the files that what is read lies in, one behind another. */
export interface FilePiece {
  readonly path: string;
  readonly size: number;
}

/** Bytes asked of a file at a time. */
export const READ_BYTES = 1024 * 1024;

/** Gives the memory that a piece is read into. */
export type Allocate = (length: number) => Buffer;

/** New memory for every piece, or three buffers in turn: one is read into, one waits, one is used. */
export function allocator(reuse: boolean): Allocate {
  if (!reuse) return (length) => Buffer.allocUnsafeSlow(length);
  const ring: Buffer[] = [];
  let turn = 0;
  return (length) => {
    const slot = turn++ % 3;
    const known = ring[slot];
    if (known !== undefined && known.length >= length) return known.subarray(0, length);
    return (ring[slot] = Buffer.allocUnsafeSlow(length));
  };
}

/** Fills `buffer` from `position` on; a shorter file is an error. */
export async function readExactly(
  file: Readable,
  position: number,
  buffer: Buffer,
): Promise<Buffer> {
  const { length } = buffer;
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read({
      buffer,
      offset: filled,
      length: length - filled,
      position: position + filled,
    });
    if (bytesRead === 0) throw shorter(position + filled);
    filled += bytesRead;
  }
  return buffer;
}

/** A file that ended while it was read. */
export function shorter(position: number): DrayError {
  return new DrayError(
    "DRAY_FILE_TRUNCATED",
    `Cannot read on at byte ${position}: the file ended while it was read`,
    { kind: "refused", hint: "Copy the file again." },
  );
}

/**
 * Runs `read` for each piece of a range, one piece ahead of the consumer, so that the disk works
 * while the consumer hashes or sends.
 */
export async function* readAhead<T>(
  pieces: Iterable<T>,
  read: (piece: T) => Promise<Buffer>,
): AsyncGenerator<{ piece: T; buffer: Buffer }, void, undefined> {
  let pending: { piece: T; buffer: Promise<Buffer> } | undefined;
  const begin = (piece: T): { piece: T; buffer: Promise<Buffer> } => {
    const buffer = read(piece);
    // If the consumer stops early nobody awaits the piece that is under way.
    buffer.catch(() => undefined);
    return { piece, buffer };
  };
  for (const piece of pieces) {
    const next = begin(piece);
    if (pending !== undefined) yield { piece: pending.piece, buffer: await pending.buffer };
    pending = next;
  }
  if (pending !== undefined) yield { piece: pending.piece, buffer: await pending.buffer };
}

/** A file, or several as one, or a stretch of that: an archive may lie in another as it is. */
export class FileRange implements ByteRange {
  readonly #file: Readable;
  readonly start: number;
  readonly size: number;
  /** Where other threads can open all of what it is a stretch of; undefined for a file without a name. */
  readonly pieces: readonly FilePiece[] | undefined;

  constructor(
    file: Readable,
    {
      pieces,
      start = 0,
      size,
    }: { pieces: readonly FilePiece[] | undefined; start?: number; size: number },
  ) {
    this.#file = file;
    this.pieces = pieces;
    this.start = start;
    this.size = size;
  }

  slice(offset: number, size: number): FileRange {
    if (offset + size > this.size) throw shorter(this.size);
    return new FileRange(this.#file, { pieces: this.pieces, start: this.start + offset, size });
  }

  /** Fills `buffer` from `position` on. */
  async fill(position: number, buffer: Buffer): Promise<Buffer> {
    if (position + buffer.length > this.size) throw shorter(this.size);
    return readExactly(this.#file, this.start + position, buffer);
  }

  /** `reuse` writes over a piece when the one after the next is asked for: saves memory. */
  async *read(offset: number, length: number, { reuse = false }: { reuse?: boolean } = {}): Bytes {
    if (offset + length > this.size) throw shorter(this.size);
    const allocate = allocator(reuse);
    for await (const { buffer } of readAhead(rangePieces(offset, length), ([at, count]) =>
      this.fill(at, allocate(count)),
    )) {
      yield buffer;
    }
  }
}

function* rangePieces(offset: number, length: number): Generator<[number, number]> {
  for (let done = 0; done < length; done += READ_BYTES) {
    yield [offset + done, Math.min(READ_BYTES, length - done)];
  }
}
