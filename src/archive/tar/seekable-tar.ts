import type { Bytes } from "../../content/content.ts";
import type { TarFraming } from "../archive.ts";
import { SeekCursor, type Cursor } from "../cursor.ts";
import type { ByteRange, FileRange } from "../file-range.ts";

export interface ReadOptions {
  /** Check the carrier's own checksums of what the range covers whole. @default false */
  readonly check?: boolean;
  /** Write over a piece when the one after the next is asked for: saves memory. @default false */
  readonly reuse?: boolean;
}

/** The tar inside a carrier, readable at any place. */
export interface SeekableTar extends ByteRange {
  readonly framing: TarFraming;
  read(offset: number, length: number, options?: ReadOptions): Bytes;
  /**
   * Goes through the tar from its start and checks all that it passes. What it skips, whoever reads
   * that checks.
   */
  checkingCursor(): Cursor;
}

/** A tar that lies in a file as it is. */
export class PlainTar implements SeekableTar {
  readonly framing = "plain";
  readonly #range: FileRange;

  constructor(range: FileRange) {
    this.#range = range;
  }

  get size(): number {
    return this.#range.size;
  }

  read(offset: number, length: number, { reuse = false }: ReadOptions = {}): Bytes {
    return this.#range.read(offset, length, { reuse });
  }

  checkingCursor(): Cursor {
    return new SeekCursor(this);
  }
}
