import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OneAtATime } from "../content/concurrency.ts";
import { readVerified } from "../content/verify.ts";
import type { ImageLayout } from "../layout/layout.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, type DigestAlgorithm } from "../oci/digest.ts";
import { blobsOf, type Manifest } from "../oci/manifest.ts";
import { ApiError } from "./api-error.ts";
import type { ServedRepositories } from "./served-repositories.ts";
import { namedRoot, type ServedRepository } from "./served-repository.ts";
import type { ManifestIdentity, CatalogWriter } from "./catalog.ts";
import { describeManifest, type StoredManifest } from "./stored-manifest.ts";
import type { IncomingBlob } from "./incoming-blob.ts";
import { UPLOAD_PREFIX, type OpenUploads } from "./open-uploads.ts";
import type { WriteBehind } from "./write-behind.ts";

/** With more entries than this, `index.json` may grow beyond what is read back (20 MiB). */
const MAX_ROOTS = 25_000;

/** What is known of a layout, and what of it waits to be written. */
interface LayoutState {
  readonly repositories: ServedRepositories;
  readonly uploads: OpenUploads;
  readonly index: WriteBehind;
}

/** Changes a layout: files first, then what is known of them, so that nothing is named too early. */
export class LayoutWriter implements CatalogWriter {
  readonly #layout: ImageLayout;
  readonly #repositories: ServedRepositories;
  readonly #uploads: OpenUploads;
  readonly #index: WriteBehind;
  /** Keeps a blob from being removed while it is stored anew. */
  readonly #changes = new OneAtATime<Digest>();

  constructor(layout: ImageLayout, { repositories, uploads, index }: LayoutState) {
    this.#layout = layout;
    this.#repositories = repositories;
    this.#uploads = uploads;
    this.#index = index;
  }

  startUpload(name: string, algorithm: DigestAlgorithm): Promise<IncomingBlob> {
    return this.#uploads.start(name, algorithm);
  }

  findUpload(name: string, id: string): IncomingBlob | undefined {
    return this.#uploads.find(name, id);
  }

  cancelUpload(upload: IncomingBlob): Promise<void> {
    return this.#uploads.end(upload);
  }

  async commitUpload(upload: IncomingBlob, digest: Digest): Promise<void> {
    const found = await upload.digest(algorithmOf(digest));
    if (found !== digest) {
      await this.#uploads.end(upload);
      throw new ApiError("DIGEST_INVALID", "provided digest did not match uploaded content", {
        detail: { wanted: digest, found },
      });
    }
    await this.#changes.run(digest, async () => {
      if ((await this.#layout.sizeOf({ digest })) !== upload.size) {
        await this.#layout.take(await upload.settle(), digest);
      }
      this.#repositories.take(upload.identity.name).addBlob({ digest, size: upload.size });
    });
    await this.#uploads.end(upload);
  }

  async mount(digest: Digest, name: string, from: string | undefined): Promise<boolean> {
    const size = await this.#layout.sizeOf({ digest });
    const source =
      from === undefined ? this.#repositories.withBlob(digest) : this.#repositories.find(from);
    if (size === undefined || source?.blobSize(digest) === undefined) return false;
    this.#repositories.take(name).addBlob({ digest, size });
    return true;
  }

  async putManifest(
    name: string,
    manifest: Manifest,
    { digest, tags }: ManifestIdentity,
  ): Promise<void> {
    if (this.#repositories.roots().length >= MAX_ROOTS) {
      throw new ApiError("DENIED", `registry is full: it has ${MAX_ROOTS} tags and manifests`);
    }
    await this.#changes.run(digest, async () => {
      const stored = describeManifest(manifest, digest);
      await this.#writeManifest(manifest.raw, stored.descriptor);
      const repository = this.#repositories.take(name);
      repository.addManifest(stored);
      for (const blob of blobsOf(manifest)) repository.addBlob(blob);
      for (const tag of tags) setTag(repository, tag, stored);
      this.#index.changed();
    });
    // A bare digest is nearly always a child of an index that follows; nobody has to wait for it.
    if (tags.length > 0 || manifest.subject !== undefined) await this.#index.saved();
  }

  async deleteTag(repository: ServedRepository, tag: string): Promise<boolean> {
    if (!repository.removeTag(tag)) return false;
    this.#index.changed();
    await this.#index.saved();
    return true;
  }

  deleteManifest(repository: ServedRepository, digest: Digest): Promise<boolean> {
    return this.#changes.run(digest, async () => {
      if (!repository.removeManifest(digest)) return false;
      this.#repositories.dropIfEmpty(repository);
      this.#index.changed();
      // Content goes after the last name that leads to it.
      await this.#index.saved();
      await this.#removeUnneeded(digest);
      return true;
    });
  }

  deleteBlob(repository: ServedRepository, digest: Digest): Promise<boolean> {
    return this.#changes.run(digest, async () => {
      if (!repository.removeBlob(digest)) return false;
      this.#repositories.dropIfEmpty(repository);
      await this.#removeUnneeded(digest);
      return true;
    });
  }

  async #writeManifest(raw: Uint8Array, descriptor: Descriptor): Promise<void> {
    if (await this.#isIntact(descriptor)) return;
    const temporary = join(this.#layout.ingestDirectory, `${UPLOAD_PREFIX}${randomUUID()}`);
    try {
      await writeFile(temporary, raw, { flag: "wx", flush: true });
      await this.#layout.take(temporary, descriptor.digest);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** What cannot be read is written once more, whatever the reason. */
  async #isIntact(descriptor: Descriptor): Promise<boolean> {
    if ((await this.#layout.sizeOf(descriptor)) !== descriptor.size) return false;
    return readVerified(this.#layout, descriptor).then(
      () => true,
      () => false,
    );
  }

  async #removeUnneeded(digest: Digest): Promise<void> {
    if (!this.#repositories.holds(digest)) await this.#layout.remove(digest);
  }
}

function setTag(repository: ServedRepository, tag: string, { descriptor }: StoredManifest): void {
  // What a layout says about a root that stays is kept.
  if (repository.tag(tag)?.digest === descriptor.digest) return;
  repository.setTag(tag, namedRoot(descriptor, `${repository.name}:${tag}`));
}
