import type { EntryPlace, SeekableArchive } from "../archive/archive.ts";
import { openArchive } from "../archive/open-archive.ts";
import { spooled } from "../archive/work-file.ts";
import type { Bytes, FetchOptions, Source, Target } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";

/** Content that is on this machine already, by its digest. Whoever takes it verifies it. */
export type Shelf = Source & Pick<Target, "exists">;

const BLOB = /(?:^|\/)blobs\/(sha256|sha512)\/([a-f0-9]+)$/;

/** The blobs of a bundle, of dray or of anybody whose archive holds an image layout. */
export class BundleShelf implements Shelf {
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
