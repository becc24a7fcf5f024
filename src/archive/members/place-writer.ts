import { FramedRun, RUN_BYTES, type TarPlace } from "./framed-run.ts";
import type { OutputFile } from "./output-file.ts";

/**
 * Memory for runs, used again and again. What came from a connection is copied there at once and can
 * be forgotten: if it were kept until it is written, it would grow old, and what is old is collected late.
 */
export class RunMemory {
  readonly #free: Buffer[] = [];

  lend(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(RUN_BYTES);
  }

  giveBack(memory: Buffer): void {
    this.#free.push(memory);
  }
}

/**
 * Writes a stretch of a tar to its place in a file of members, a run at a time: one is put together
 * while the other is written. Nothing of a chunk is kept.
 */
export class PlaceWriter {
  readonly #file: OutputFile;
  readonly #memory: RunMemory;
  readonly #tarSize: number;
  #run: FramedRun | undefined;
  #writing: Promise<void> | undefined;
  /** Where in the tar that ends which the file has. */
  written: number;
  /** Where in the tar that ends which was added. */
  #added: number;

  constructor(file: OutputFile, { offset, tarSize }: TarPlace, memory: RunMemory) {
    this.#file = file;
    this.#memory = memory;
    this.#tarSize = tarSize;
    this.#added = offset;
    this.written = offset;
  }

  /** Takes a chunk; undefined unless there is something to wait for before the next one. */
  add(chunk: Uint8Array): Promise<void> | undefined {
    const taken = this.#put(chunk, 0);
    const isFull = this.#run?.isFull === true;
    return isFull || taken < chunk.length ? this.#addRest(chunk, taken) : undefined;
  }

  /** Waits until all of it is written. */
  async end(): Promise<void> {
    await this.#turn();
    await this.#writing;
  }

  /** Waits for what is under way, however it ends. Nothing can be added any more. */
  async settled(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    if (this.#run !== undefined) this.#memory.giveBack(this.#run.memory);
    this.#run = undefined;
  }

  #put(chunk: Uint8Array, from: number): number {
    const place = { offset: this.#added, tarSize: this.#tarSize };
    this.#run ??= new FramedRun(place, this.#memory.lend());
    const taken = this.#run.add(chunk, from);
    this.#added += taken;
    return taken;
  }

  async #addRest(chunk: Uint8Array, from: number): Promise<void> {
    for (let taken = from; this.#run?.isFull === true;) {
      await this.#turn();
      if (taken < chunk.length) taken += this.#put(chunk, taken);
    }
  }

  async #turn(): Promise<void> {
    await this.#writing;
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.#writing = this.#write(run);
    // Whoever adds more, or ends it, hears of a failure.
    this.#writing.catch(() => undefined);
  }

  async #write({ bytes, memory, place, offset }: FramedRun): Promise<void> {
    try {
      await this.#file.write(bytes, place);
      this.written = offset;
    } finally {
      this.#memory.giveBack(memory);
    }
  }
}
