import { FramedRun, type TarPlace } from "./framed-run.ts";
import type { OutputFile } from "./output-file.ts";

/**
 * Writes a stretch of a tar to its place in a file of members, a run at a time: one is put together
 * while the other is written. Chunks are kept until they are written: who gives them uses each once.
 */
export class PlaceWriter {
  readonly #file: OutputFile;
  readonly #tarSize: number;
  #run: FramedRun;
  #writing: Promise<void> | undefined;
  /** Where in the tar that ends which the file has. */
  written: number;

  constructor(file: OutputFile, place: TarPlace) {
    this.#file = file;
    this.#tarSize = place.tarSize;
    this.#run = new FramedRun(place);
    this.written = place.offset;
  }

  /** Takes a chunk; undefined unless there is something to wait for before the next one. */
  add(chunk: Uint8Array): Promise<void> | undefined {
    const taken = this.#run.add(chunk, 0);
    return this.#run.isFull || taken < chunk.length ? this.#addRest(chunk, taken) : undefined;
  }

  /** Waits until all of it is written. */
  async end(): Promise<void> {
    await this.#turn();
    await this.#writing;
  }

  /** Waits for what is under way, however it ends. */
  async settled(): Promise<void> {
    await this.#writing?.catch(() => undefined);
  }

  async #addRest(chunk: Uint8Array, from: number): Promise<void> {
    for (let taken = from; this.#run.isFull;) {
      await this.#turn();
      taken += this.#run.add(chunk, taken);
    }
  }

  async #turn(): Promise<void> {
    await this.#writing;
    const run = this.#run;
    this.#run = new FramedRun({ offset: run.offset, tarSize: this.#tarSize });
    this.#writing = this.#write(run);
    // Whoever adds more, or ends it, hears of a failure.
    this.#writing.catch(() => undefined);
  }

  async #write({ pieces, place, offset }: FramedRun): Promise<void> {
    await this.#file.writev(pieces, place);
    this.written = offset;
  }
}
