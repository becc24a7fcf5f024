import { createReadStream } from "node:fs";
import { rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMissing, readSmallFile } from "../content/small-file.ts";
import { atMost } from "../content/concurrency.ts";
import type {
  Bytes,
  Content,
  ContentOptions,
  FetchOptions,
  PushResult,
  Source,
  Target,
} from "../content/content.ts";
import { makeDirectory } from "../content/make-directory.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import {
  Annotation,
  blobPath,
  BLOBS_DIRECTORY,
  INDEX_FILE,
  LAYOUT_CONTENT,
  LAYOUT_FILE,
} from "../oci/image-layout.ts";
import { parseJson } from "../oci/json.ts";
import { replaceFile } from "../content/replace-file.ts";
import { INGEST_DIRECTORY, writeBlob } from "./blob-writer.ts";
import { readRoots, writeRoots } from "./index-file.ts";

/** Bytes asked of a blob's file at a time: memory for all of a small one, and no more. */
const MAX_READ_BYTES = 1024 * 1024;
const MIN_READ_BYTES = 16 * 1024;

/**
 * An OCI image layout in a directory. Blobs appear whole and verified or not at all.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export class ImageLayout implements Source, Target {
  readonly directory: string;
  readonly name: string;
  /** Two images that share a layer ask for it at the same time: it is written once. */
  readonly #writing = new Map<Digest, Promise<PushResult>>();
  /** Changes of `index.json` happen one after another. */
  readonly #change = atMost(1);

  /** Looks at nothing yet: `open` and `create` make sure that there is a layout. */
  constructor(directory: string) {
    this.directory = directory;
    this.name = `layout ${JSON.stringify(directory)}`;
  }

  /** Opens the layout in `directory`. @throws DrayError `DRAY_LAYOUT_INVALID` */
  static async open(directory: string): Promise<ImageLayout> {
    const path = join(directory, LAYOUT_FILE);
    try {
      const marker = parseJson(await readSmallFile(path, { what: "marker of a layout" }), path);
      if (isLayoutMarker(marker)) return new ImageLayout(directory);
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
      throw invalid(directory, `it has no ${LAYOUT_FILE}`);
    }
    throw invalid(directory, `expected imageLayoutVersion 1.0.0 in ${LAYOUT_FILE}`);
  }

  /** Opens the layout in `directory`, making it first where it is missing. */
  static async create(directory: string): Promise<ImageLayout> {
    await makeDirectory(join(directory, BLOBS_DIRECTORY, "sha256"));
    const marker = join(directory, LAYOUT_FILE);
    if (!(await hasContent(marker))) await replaceFile(marker, LAYOUT_CONTENT);
    const layout = await ImageLayout.open(directory);
    if (!(await hasContent(join(directory, INDEX_FILE)))) await writeRoots(directory, []);
    return layout;
  }

  /** Where blobs grow; on the same file system. */
  get ingestDirectory(): string {
    return join(this.directory, INGEST_DIRECTORY);
  }

  blobFile(digest: Digest): string {
    return join(this.directory, blobPath(digest));
  }

  /** Bytes of the blob, whatever they are; undefined if there is none. */
  async sizeOf({ digest }: { readonly digest: Digest }): Promise<number | undefined> {
    try {
      const found = await stat(this.blobFile(digest));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    return (await this.sizeOf(descriptor)) === descriptor.size;
  }

  async *fetch(descriptor: Descriptor, { offset = 0, signal }: FetchOptions = {}): Bytes {
    const file = createReadStream(this.blobFile(descriptor.digest), {
      start: offset,
      highWaterMark: Math.min(MAX_READ_BYTES, Math.max(MIN_READ_BYTES, descriptor.size - offset)),
      signal,
    });
    yield* file as AsyncIterable<Buffer>;
  }

  async push(
    expected: Descriptor,
    content: Content,
    { signal }: ContentOptions = {},
  ): Promise<PushResult> {
    // If another writer fails, this one has its own content to try.
    for (let other = this.#writing.get(expected.digest); other !== undefined;) {
      await other.catch(() => undefined);
      other = this.#writing.get(expected.digest);
    }
    const writing = this.#writeUnlessThere(expected, content, signal);
    this.#writing.set(expected.digest, writing);
    try {
      return await writing;
    } finally {
      if (this.#writing.get(expected.digest) === writing) this.#writing.delete(expected.digest);
    }
  }

  async #writeUnlessThere(
    expected: Descriptor,
    content: Content,
    signal: AbortSignal | undefined,
  ): Promise<PushResult> {
    if (await this.exists(expected)) return "skipped";
    const path = this.blobFile(expected.digest);
    await writeBlob(this.directory, path, { expected, content, signal });
    return "copied";
  }

  /** Makes a file of `ingestDirectory` the blob; who wrote it has verified and flushed it. */
  async take(path: string, digest: Digest): Promise<void> {
    const blob = this.blobFile(digest);
    await makeDirectory(dirname(blob));
    await rename(path, blob);
  }

  /** Forgets a blob, so that the next copy fetches it again. */
  async remove(digest: Digest): Promise<void> {
    await rm(this.blobFile(digest), { force: true });
  }

  /** The entries of `index.json`. */
  async roots(): Promise<readonly Descriptor[]> {
    return readRoots(this.directory);
  }

  /** Replaces the entries of `index.json` by what `change` makes of them, atomically. */
  async changeRoots(
    change: (roots: readonly Descriptor[]) => readonly Descriptor[],
  ): Promise<void> {
    await this.#change(async () =>
      writeRoots(this.directory, change(await readRoots(this.directory))),
    );
  }

  /** Lets a name stand for a root that is here; whatever had the name before loses its entry. */
  async tag(name: string, root: Descriptor): Promise<void> {
    const annotations = { ...root.annotations, [Annotation.refName]: name };
    await this.changeRoots((roots) => [
      ...roots.filter((other) => other.annotations?.[Annotation.refName] !== name),
      { ...root, annotations },
    ]);
  }

  /** Leaves nothing behind but what the specification names. */
  async close(): Promise<void> {
    try {
      await rmdir(this.ingestDirectory);
    } catch (error) {
      // Parts of unfinished blobs stay for the next run.
      if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTEMPTY") throw error;
    }
  }
}

function isLayoutMarker(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "imageLayoutVersion" in value &&
    value.imageLayoutVersion === "1.0.0"
  );
}

async function hasContent(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

function invalid(directory: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_LAYOUT_INVALID",
    `Cannot open ${JSON.stringify(directory)} as an OCI image layout: ${reason}`,
    { kind: "usage", hint: "Name a directory with oci-layout and index.json, or an empty one." },
  );
}
