import type { Bytes } from "../../content/content.ts";
import { writeTar, type TarLayout, type TarName } from "../tar/tar-writer.ts";
import type { FileSums } from "./cut-hash.ts";
import { FramedRun, RUN_BYTES } from "./framed-run.ts";
import { MemberSealer } from "./member-sealer.ts";
import { writePlacesSync, type Places } from "./output-file.ts";

/** What a file is to hold, and where it is written. */
export interface FrontPlan {
  /** Its files, open for reading and writing for as long as the front runs. */
  readonly places: Places;
  readonly files: readonly TarName[];
  /** Where their contents have their places. */
  readonly layout: TarLayout;
  /** Time stamp of every entry, in milliseconds. */
  readonly mtime: number;
}

/** How far the content of the files lies in its place, in bytes of tar. */
export interface Arrived {
  readonly written: number;
  /** So much of it may not change any more. */
  readonly verified: number;
  /** What was written behind `verified` is written anew. */
  readonly rewound?: boolean;
}

/** Where the front hears how far it may go. */
export interface Arrivals {
  /** How far the content is there now; `rewound` is told once. */
  now(): Arrived;
  /** Waits until something new can be told. */
  next(): Promise<void>;
}

/**
 * Content that lies in its place already stands for itself: what passes through the archiver in its
 * stead has its length, and is neither read nor written. Memory that nobody touches costs nothing.
 */
const MAX_STAND_IN_BYTES = 16 * 1024 * 1024;

/**
 * Follows content that others write to its place in a bundle, from the first byte of the file to the
 * last: has the tar framed, writes what is no content, seals each member that is whole and hashes the
 * file. Ends with the sums of it.
 */
export async function followFront(
  { places, files, layout, mtime }: FrontPlan,
  arrivals: Arrivals,
  onSealed: (bytes: number) => Promise<void> | void,
): Promise<FileSums> {
  const sealer = new MemberSealer(places, layout.size);
  const frame = new Frame(places, { files, offsets: layout.offsets, tarSize: layout.size });
  const seal = async (framed: number): Promise<void> => {
    for (;;) {
      const { written, verified, rewound = false } = arrivals.now();
      if (rewound) await sealer.rewind();
      const { end } = sealer;
      if (end === undefined ? verified === layout.size : end > framed) return;
      if (end !== undefined && end <= written) await onSealed(sealer.seal(verified));
      else await arrivals.next();
    }
  };
  for await (const chunk of writeTar(standIns(files), { mtime: new Date(mtime) })) {
    frame.pass(chunk);
    await seal(frame.offset);
  }
  await sealer.finish();
  return sealer.digest();
}

function* standIns(files: readonly TarName[]): Generator<TarName & { content: Bytes }> {
  const largest = files.reduce((most, { size }) => Math.max(most, size), 0);
  const memory = Buffer.alloc(Math.min(largest, MAX_STAND_IN_BYTES));
  for (const file of files) yield { ...file, content: standIn(memory, file.size) };
}

async function* standIn(memory: Buffer, size: number): Bytes {
  for (let left = size; left > 0; left -= memory.length) {
    yield memory.subarray(0, Math.min(left, memory.length));
  }
}

interface FrameLayout {
  readonly files: readonly TarName[];
  readonly offsets: readonly number[];
  readonly tarSize: number;
}

/** Writes what a tar has between contents to its place. */
class Frame {
  readonly #places: Places;
  readonly #layout: FrameLayout;
  readonly #memory = Buffer.allocUnsafeSlow(RUN_BYTES);
  /** The file that comes next, or is passing. */
  #file = 0;
  offset = 0;

  constructor(places: Places, layout: FrameLayout) {
    this.#places = places;
    this.#layout = layout;
  }

  pass(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length;) {
      const { start, end } = this.#content();
      const isContent = this.offset >= start;
      const count = Math.min((isContent ? end : start) - this.offset, chunk.length - from);
      if (!isContent) this.#write(chunk.subarray(from, from + count));
      this.offset += count;
      from += count;
      if (this.offset === end) this.#file++;
    }
  }

  /** Behind the last file there is none, to the end. */
  #content(): { start: number; end: number } {
    const { files, offsets, tarSize } = this.#layout;
    const start = offsets[this.#file] ?? tarSize;
    return { start, end: start + (files[this.#file]?.size ?? 0) };
  }

  #write(bytes: Uint8Array): void {
    const { tarSize } = this.#layout;
    for (let done = 0; done < bytes.length;) {
      const run = new FramedRun({ offset: this.offset + done, tarSize }, this.#memory);
      done += run.add(bytes, done);
      writePlacesSync(this.#places, run.bytes, run.place);
    }
  }
}
