import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { BundleShelf, type Shelf } from "../bundle/blob-shelf.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Run } from "../events.ts";
import type { BundleName } from "./bundle-name.ts";

/** Earlier bundles, open for as long as somebody takes from them. */
export interface Shelves {
  readonly all: readonly Shelf[];
  close(): Promise<void>;
}

/** Of bundles that nobody has named, so many are looked into: the newest. */
const MAX_FOUND = 3;

/**
 * Opens the bundles that `reuse` names, and those of the same name that lie where the next one is
 * written.
 *
 * @throws whatever a bundle that was named cannot be opened for
 */
export async function openShelves(
  reuse: readonly string[],
  name: BundleName,
  run: Run,
): Promise<Shelves> {
  const all: BundleShelf[] = [];
  const close = async (): Promise<void> => {
    for (const shelf of all) await shelf.close();
  };
  try {
    for (const path of reuse) all.push(await BundleShelf.open(path, run));
    for (const path of await earlierBundles(name)) {
      const shelf = await found(path, run);
      if (shelf !== undefined) all.push(shelf);
    }
    return { all, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What nobody has named is taken if it can be, and is no matter if not. */
async function found(path: string, run: Run): Promise<BundleShelf | undefined> {
  try {
    return await BundleShelf.open(path, run, { mayUnpack: false });
  } catch (error) {
    run.signal.throwIfAborted();
    if (error instanceof DrayError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** The one that is replaced, and those of other versions beside it, the newest first. */
async function earlierBundles({ output, name }: BundleName): Promise<string[]> {
  const directory = dirname(resolve(output));
  const isOne = (file: string): boolean =>
    file === basename(output) || (file.startsWith(`${name}-`) && file.endsWith(".tar.gz"));
  const names = (await readdir(directory)).filter(isOne);
  const dated = await Promise.all(names.map((file) => dateOf(join(directory, file))));
  return dated
    .filter(({ size }) => size > 0)
    .toSorted((a, b) => b.mtimeMs - a.mtimeMs)
    .slice(0, MAX_FOUND)
    .map(({ path }) => path);
}

/** A link that leads nowhere, or to where nobody may look, is as good as an empty file. */
async function dateOf(path: string): Promise<{ path: string; mtimeMs: number; size: number }> {
  try {
    const { mtimeMs, size } = await stat(path);
    return { path, mtimeMs, size };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return { path, mtimeMs: 0, size: 0 };
  }
}
