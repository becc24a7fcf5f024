import { open, type FileHandle } from "node:fs/promises";
import { FileRange, type FilePiece, type Readable, type ReadRequest } from "../file-range.ts";

/** Files held open at a time: threads open their own, and some systems allow 256 in all. */
const MAX_OPEN = 16;

interface OpenPiece {
  readonly file: Promise<FileHandle>;
  /** Reads under way: nobody closes it meanwhile. */
  reads: number;
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

  async read(request: ReadRequest): Promise<{ readonly bytesRead: number }> {
    const place = this.#placeOf(request.position);
    if (place === undefined) return { bytesRead: 0 };
    const { index, at, left } = place;
    const piece = this.#take(index);
    piece.reads++;
    try {
      const file = await piece.file;
      return await file.read({ ...request, length: Math.min(request.length, left), position: at });
    } finally {
      piece.reads--;
    }
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
