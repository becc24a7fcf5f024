import type { Bytes } from "../../content/content.ts";
import type { TarFraming } from "../archive.ts";
import { SeekCursor, type Cursor } from "../cursor.ts";
import { newMemory, type Allocate, type ByteRange, type FileRange } from "../file-range.ts";

export interface ReadOptions {
  /** Check the carrier's own checksums of what the range covers whole. @default false */
  readonly check?: boolean;
  /** Where pieces are read into. @default new memory for each */
  readonly memory?: Allocate | undefined;
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

  read(offset: number, length: number, { memory = newMemory }: ReadOptions = {}): Bytes {
    return this.#range.read(offset, length, { memory });
  }

  checkingCursor(): Cursor {
    return new SeekCursor(this);
  }
}
