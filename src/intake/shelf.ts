import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { SeekableArchive, EntryPlace } from "../archive/archive.ts";
import { openArchive } from "../archive/open-archive.ts";
import { spooled } from "../archive/work-file.ts";
import type { Bytes, FetchOptions, Source, Target } from "../content/content.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { BundleName } from "./plan.ts";

/** Content that is on this machine already, by its digest. Whoever takes it verifies it. */
export type Shelf = Source & Pick<Target, "exists">;

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

const BLOB = /(?:^|\/)blobs\/(sha256|sha512)\/([a-f0-9]+)$/;

/** The blobs of a bundle, of dray or of anybody whose archive holds an image layout. */
class BundleShelf implements Shelf {
  readonly name: string;
  readonly #archive: SeekableArchive;
  readonly #places: ReadonlyMap<string, EntryPlace>;

  private constructor(archive: SeekableArchive, places: ReadonlyMap<string, EntryPlace>) {
    this.name = `bundle ${JSON.stringify(archive.path)}`;
    this.#archive = archive;
    this.#places = places;
  }

  static async open(
    path: string,
    run: Run,
    { mayUnpack = true }: { mayUnpack?: boolean } = {},
  ): Promise<BundleShelf> {
    const opened = await openArchive(path, run);
    if (opened.kind === "stream" && !mayUnpack) {
      await opened.close();
      throw new DrayError(
        "DRAY_ARCHIVE_UNSUPPORTED",
        `Cannot read ${JSON.stringify(path)} at any place: it was compressed anew`,
        { kind: "refused" },
      );
    }
    const archive = await spooled(opened, run);
    try {
      const places = new Map<string, EntryPlace>();
      for await (const { name, kind, position, size } of archive.entries({ check: false })) {
        run.signal.throwIfAborted();
        const [, algorithm, encoded] = BLOB.exec(name) ?? [];
        if (kind === "file" && algorithm !== undefined) {
          places.set(`${algorithm}:${encoded}`, { position, size });
        }
      }
      return new BundleShelf(archive, places);
    } catch (error) {
      await archive.close();
      throw error;
    }
  }

  async exists({ digest, size }: Descriptor): Promise<boolean> {
    return this.#places.get(digest)?.size === size;
  }

  async *fetch({ digest }: Descriptor, { offset = 0 }: FetchOptions = {}): Bytes {
    const place = this.#places.get(digest);
    if (place === undefined) return;
    let skipped = 0;
    for await (const chunk of this.#archive.read(place)) {
      const from = Math.min(chunk.length, offset - skipped);
      skipped += from;
      if (from < chunk.length) yield chunk.subarray(from);
    }
  }

  close(): Promise<void> {
    return this.#archive.close();
  }
}
