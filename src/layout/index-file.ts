import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readSmallFile } from "../content/small-file.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { formatIndexFile, INDEX_FILE, parseIndexFile } from "../oci/image-layout.ts";
import { replaceFile } from "../content/replace-file.ts";

/** The entries of a layout's `index.json`. */
export async function readRoots(directory: string): Promise<readonly Descriptor[]> {
  const path = join(directory, INDEX_FILE);
  const bytes = await readSmallFile(path, { what: "index of a layout" });
  return parseIndexFile(bytes, path);
}

/** Writes `index.json` so that a reader sees the old one or the new one, never a part. */
export async function writeRoots(directory: string, roots: readonly Descriptor[]): Promise<void> {
  await replaceFile(join(directory, INDEX_FILE), formatIndexFile(roots));
}

/**
 * `index.json` for a process that keeps its entries in memory and writes them often: nothing is read
 * again while nobody else writes, and entries that somebody else added are kept.
 */
export class OwnedIndex {
  readonly #directory: string;
  #stamp = "";
  /** Entries of the last version that this process read or wrote. */
  #known: ReadonlySet<string> = new Set();
  #foreign: readonly Descriptor[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(): Promise<readonly Descriptor[]> {
    this.#stamp = await this.#currentStamp();
    const roots = await readRoots(this.#directory);
    this.#known = new Set(roots.map(keyOf));
    return roots;
  }

  /** Replaces the entries; says how many of somebody else's were found and kept. */
  async write(roots: readonly Descriptor[]): Promise<number> {
    const added = (await this.#currentStamp()) === this.#stamp ? [] : await this.#added();
    this.#foreign = [...this.#foreign, ...added];
    const all = [...roots, ...this.#foreign];
    await writeRoots(this.#directory, all);
    this.#stamp = await this.#currentStamp();
    this.#known = new Set(all.map(keyOf));
    return added.length;
  }

  async #added(): Promise<readonly Descriptor[]> {
    const roots = await readRoots(this.#directory);
    return roots.filter((root) => !this.#known.has(keyOf(root)));
  }

  async #currentStamp(): Promise<string> {
    const path = join(this.#directory, INDEX_FILE);
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  }
}

function keyOf({ digest, annotations = {} }: Descriptor): string {
  const names = Object.keys(annotations).toSorted((a, b) => (a < b ? -1 : 1));
  return JSON.stringify([digest, ...names.map((name) => [name, annotations[name]])]);
}
