import { createHash, type Hash } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../../content/sync-folder.ts";
import type { Run } from "../../events.ts";
import { memoryInTurn, type FileRange } from "../file-range.ts";
import type { Cut } from "./cut.ts";

/** A part that was written. */
export interface WrittenPart extends Cut {
  readonly path: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** The sums of all that was read. */
export interface CutSums {
  /** Of every part that was read, by its name, in hexadecimal. */
  readonly parts: ReadonlyMap<string, string>;
  /** Undefined where not all of it was read. */
  readonly whole: string | undefined;
}

/** What the medium has for sure is counted; what waits in memory is not. */
const SYNC_BYTES = 32 * 1024 * 1024;

/**
 * Writes some of the parts of what is in `range`, each under a name that ends in `.partial` and synced;
 * `finish` gives them theirs. Whatever ends it, `discard` leaves nothing behind.
 */
export class PartWriter {
  readonly #range: FileRange;
  readonly #folder: string;
  readonly #run: Run;
  readonly #written: WrittenPart[] = [];
  /** What there is to remove if it does not come to its end. */
  readonly #made: string[] = [];

  constructor(range: FileRange, folder: string, run: Run) {
    this.#range = range;
    this.#folder = folder;
    this.#run = run;
  }

  /** Reads `cuts`, which follow one another, and writes those of `wanted`. */
  async write(cuts: readonly Cut[], wanted: ReadonlySet<number>): Promise<CutSums> {
    const whole = createHash("sha256");
    const parts = new Map<string, string>();
    let size = 0;
    for (const cut of cuts) {
      const sum = await this.#part(cut, { whole, isWanted: wanted.has(cut.number) });
      parts.set(cut.name, sum);
      size += cut.size;
    }
    const isAll = size === this.#range.size;
    return { parts, whole: isAll ? whole.digest("hex") : undefined };
  }

  /** Gives the parts their names, replacing what has them. */
  async finish(): Promise<readonly WrittenPart[]> {
    for (const { path } of this.#written) {
      await rename(partial(path), path);
      this.#made.push(path);
    }
    await syncFolder(this.#folder);
    return this.#written;
  }

  async discard(): Promise<void> {
    for (const path of this.#made) await rm(path, { force: true });
  }

  async #part(cut: Cut, { whole, isWanted }: { whole: Hash; isWanted: boolean }): Promise<string> {
    const path = join(this.#folder, cut.name);
    const hash = createHash("sha256");
    const file = isWanted ? await this.#create(partial(path)) : undefined;
    try {
      let unsynced = 0;
      const reading = this.#range.read(cut.start, cut.size, { memory: memoryInTurn() });
      for await (const piece of reading) {
        this.#run.signal.throwIfAborted();
        hash.update(piece);
        whole.update(piece);
        await file?.writeFile(piece);
        unsynced += piece.length;
        if (unsynced >= SYNC_BYTES) unsynced = await this.#sync(file, unsynced);
      }
      await this.#sync(file, unsynced);
    } finally {
      await file?.close();
    }
    const sha256 = hash.digest("hex");
    if (isWanted) this.#written.push({ ...cut, path, sha256 });
    return sha256;
  }

  async #create(path: string): Promise<FileHandle> {
    // What a run that was killed has left is written anew.
    await rm(path, { force: true });
    const file = await open(path, "wx");
    this.#made.push(path);
    return file;
  }

  async #sync(file: FileHandle | undefined, bytes: number): Promise<0> {
    await file?.sync();
    if (file !== undefined) this.#run.onEvent({ type: "progress", bytes });
    return 0;
  }
}

function partial(path: string): string {
  return `${path}.partial`;
}
