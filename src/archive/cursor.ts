import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { ByteRange } from "./file-range.ts";

/** A place in a tar that only moves forward. */
export interface Cursor {
  /** Bytes of tar before the cursor. */
  readonly position: number;
  /** Up to `length` bytes in one piece; fewer only at the end. For headers, not for content. */
  take(length: number): Promise<Buffer>;
  /** Exactly `length` bytes in pieces. */
  bytes(length: number): Bytes;
  skip(length: number): Promise<void>;
}

/** Reads every byte once, in order: for carriers that cannot seek, and to check all of one. */
export class StreamCursor implements Cursor {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = Buffer.alloc(0);
  position = 0;

  constructor(tar: Bytes) {
    this.#pieces = tar[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for (let missing = length; missing > 0;) {
      const piece = await this.#next(missing);
      if (piece === undefined) break;
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async *bytes(length: number): Bytes {
    for (let missing = length; missing > 0;) {
      const piece = await this.#next(missing);
      if (piece === undefined) throw truncated(this.position);
      missing -= piece.length;
      yield piece;
    }
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0;) {
      const piece = await this.#next(missing);
      if (piece === undefined) throw truncated(this.position);
      missing -= piece.length;
    }
  }

  /** Stops reading; whatever produces the bytes is closed. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #next(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done === true) return undefined;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    this.position += piece.length;
    return piece;
  }
}

/** Bytes read at once where headers are looked for: many small entries lie in one window. */
const WINDOW = 64 * 1024;

/** Jumps over what is not asked for; it may be set back, too. */
export class SeekCursor implements Cursor {
  readonly #tar: ByteRange;
  #window = Buffer.alloc(0);
  #windowAt = 0;
  position = 0;

  constructor(tar: ByteRange) {
    this.#tar = tar;
  }

  async take(length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.#tar.size - this.position);
    const inWindow = this.position - this.#windowAt;
    if (inWindow < 0 || inWindow + wanted > this.#window.length) await this.#fill(wanted);
    const start = this.position - this.#windowAt;
    this.position += wanted;
    return this.#window.subarray(start, start + wanted);
  }

  async *bytes(length: number): Bytes {
    const start = this.position;
    if (length <= WINDOW) {
      const bytes = await this.take(length);
      if (bytes.length < length) throw truncated(this.#tar.size);
      yield bytes;
    } else {
      await this.skip(length);
      yield* this.#tar.read(start, length);
    }
  }

  async skip(length: number): Promise<void> {
    if (this.position + length > this.#tar.size) throw truncated(this.#tar.size);
    this.position += length;
  }

  async #fill(wanted: number): Promise<void> {
    const length = Math.min(Math.max(wanted, WINDOW), this.#tar.size - this.position);
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#tar.read(this.position, length)) pieces.push(piece);
    this.#window = Buffer.concat(pieces);
    this.#windowAt = this.position;
  }
}

export function truncated(position: number): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TRUNCATED",
    `Cannot read the archive to its end: it stops at byte ${position} of the tar`,
    { kind: "refused", hint: "The copy is incomplete. Copy the file again and compare the sizes." },
  );
}
