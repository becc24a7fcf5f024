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
  /** The same into several buffers, one behind another. */
  readv(buffers: readonly Uint8Array[], position: number): Promise<{ readonly bytesRead: number }>;
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

/** New memory for every piece: whoever gets it may keep it. */
export const newMemory: Allocate = (length) => Buffer.allocUnsafeSlow(length);

/**
 * Three buffers in turn: one is read into, one waits, one is used. A piece is written over when the one
 * after the next is asked for. New memory costs a page fault for every 4 KiB, and then a collection.
 */
export function memoryInTurn(): Allocate {
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
  file: Pick<Readable, "read">,
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

/** Fills `buffers`, one behind another, from `position` on; a shorter file is an error. */
async function readScattered(
  file: Readable,
  position: number,
  buffers: readonly Uint8Array[],
): Promise<void> {
  let at = position;
  for (let rest = buffers; rest.length > 0;) {
    const { bytesRead } = await file.readv(rest, at);
    if (bytesRead === 0) throw shorter(at);
    at += bytesRead;
    rest = behind(rest, bytesRead);
  }
}

/** What is left of buffers of which the first `count` bytes are full. */
function behind(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let full = count;
  for (const buffer of buffers) {
    if (full < buffer.length) left.push(buffer.subarray(full));
    full = Math.max(0, full - buffer.length);
  }
  return left;
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
 * while the consumer hashes or sends. No read is under way any more when it ends, whoever ends it: its
 * memory may be another's next.
 */
export async function* readAhead<T, R>(
  pieces: Iterable<T>,
  read: (piece: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  let pending: Promise<R> | undefined;
  try {
    for (const piece of pieces) {
      const before = pending;
      pending = read(piece);
      // Whoever waits for the piece before it hears of that one's failure first.
      pending.catch(() => undefined);
      if (before !== undefined) yield await before;
    }
    if (pending !== undefined) yield await pending;
  } finally {
    await pending?.catch(() => undefined);
  }
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

  /** Fills several buffers, one behind another, from `position` on. */
  async scatter(position: number, buffers: readonly Uint8Array[]): Promise<void> {
    const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    if (position + length > this.size) throw shorter(this.size);
    await readScattered(this.#file, this.start + position, buffers);
  }

  async *read(
    offset: number,
    length: number,
    { memory = newMemory }: { memory?: Allocate } = {},
  ): Bytes {
    if (offset + length > this.size) throw shorter(this.size);
    yield* readAhead(rangePieces(offset, length), ([at, count]) => this.fill(at, memory(count)));
  }
}

function* rangePieces(offset: number, length: number): Generator<[number, number]> {
  for (let done = 0; done < length; done += READ_BYTES) {
    yield [offset + done, Math.min(READ_BYTES, length - done)];
  }
}
