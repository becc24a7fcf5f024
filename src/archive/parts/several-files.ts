import { open, type FileHandle } from "node:fs/promises";
import { FileRange, type FilePiece, type Readable, type ReadRequest } from "../file-range.ts";

/** Files held open at a time: threads open their own, and some systems allow 256 in all. */
const MAX_OPEN = 16;

interface OpenPiece {
  readonly file: Promise<FileHandle>;
  /** Reads under way: nobody closes it meanwhile. */
  reads: number;
}

/** A place in one of the files, and how much of it is left from there on. */
interface OpenPlace {
  readonly file: FileHandle;
  readonly at: number;
  readonly left: number;
}

/** Files that are read as if they were one, each opened when something of it is wanted. */
class SeveralFiles implements Readable {
  readonly #pieces: readonly FilePiece[];
  /** By number of the piece, those used last at the end. */
  readonly #open = new Map<number, OpenPiece>();
  /** Of those that made room for others. */
  readonly #closing: Promise<void>[] = [];

  constructor(pieces: readonly FilePiece[]) {
    this.#pieces = pieces;
  }

  read(request: ReadRequest): Promise<{ readonly bytesRead: number }> {
    return this.#reading(request.position, ({ file, at, left }) =>
      file.read({ ...request, length: Math.min(request.length, left), position: at }),
    );
  }

  async #reading(
    position: number,
    read: (place: OpenPlace) => Promise<{ readonly bytesRead: number }>,
  ): Promise<{ readonly bytesRead: number }> {
    const place = this.#placeOf(position);
    if (place === undefined) return { bytesRead: 0 };
    const piece = this.#take(place.index);
    piece.reads++;
    try {
      return await read({ ...place, file: await piece.file });
    } finally {
      piece.reads--;
    }
  }

  /** What is asked for may lie in several files: one at a time gives something. */
  readv(buffers: readonly Uint8Array[], position: number): Promise<{ readonly bytesRead: number }> {
    const [first] = buffers;
    if (first === undefined) return Promise.resolve({ bytesRead: 0 });
    return this.#reading(position, ({ file, at, left }) => {
      const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
      return length <= left
        ? file.readv(buffers, at)
        : file.read({ buffer: first, length: Math.min(first.length, left), position: at });
    });
  }

  async close(): Promise<void> {
    const left = [...this.#open.values()];
    this.#open.clear();
    for (const { file } of left) this.#closing.push(closed(file));
    await Promise.all(this.#closing);
  }

  #placeOf(position: number): { index: number; at: number; left: number } | undefined {
    let start = 0;
    for (const [index, { size }] of this.#pieces.entries()) {
      if (position < start + size) {
        return { index, at: position - start, left: start + size - position };
      }
      start += size;
    }
    return undefined;
  }

  #take(index: number): OpenPiece {
    const known = this.#open.get(index);
    const piece = known ?? { file: open(this.#pieces[index]?.path ?? "", "r"), reads: 0 };
    this.#open.delete(index);
    this.#open.set(index, piece);
    if (known === undefined) this.#closeOldest();
    return piece;
  }

  #closeOldest(): void {
    if (this.#open.size <= MAX_OPEN) return;
    for (const [index, { file, reads }] of this.#open) {
      if (reads > 0) continue;
      this.#open.delete(index);
      this.#closing.push(closed(file));
      return;
    }
  }
}

/** What could not be opened has been said by who wanted to read it. */
async function closed(file: Promise<FileHandle>): Promise<void> {
  const handle = await file.catch(() => undefined);
  await handle?.close();
}

/** Opens one file as it is, several as if they were one. */
export async function openPieces(
  pieces: readonly FilePiece[],
): Promise<Readable & { close(): Promise<void> }> {
  const [only, ...others] = pieces;
  if (only !== undefined && others.length === 0) return open(only.path, "r");
  return new SeveralFiles(pieces);
}

/** Bytes of all of them together. */
export function sizeOf(pieces: readonly { readonly size: number }[]): number {
  return pieces.reduce((sum, { size }) => sum + size, 0);
}

/** Has one file read, or several as one, which are open until `read` ends. */
export async function withPieces<T>(
  pieces: readonly FilePiece[],
  read: (range: FileRange) => Promise<T>,
): Promise<T> {
  const file = await openPieces(pieces);
  try {
    return await read(new FileRange(file, { pieces, size: sizeOf(pieces) }));
  } finally {
    await file.close();
  }
}
