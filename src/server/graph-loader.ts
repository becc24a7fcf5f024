import { atMost } from "../content/concurrency.ts";
import { readManifest, readVerified } from "../content/verify.ts";
import { walkManifests } from "../content/walk.ts";
import { systemCode } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { blobsOf, type Manifest } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-type.ts";
import { reasonOf } from "./api-error.ts";
import type { BlobSource } from "./catalog.ts";
import type { ServedRepository } from "./served-repository.ts";
import { describeManifest } from "./stored-manifest.ts";

/** Manifests read at once while a layout is opened. */
const CONCURRENT_READS = 16;

/** Puts a root and all that it leads to into a repository. Each manifest is read once. */
export class GraphLoader {
  readonly #source: BlobSource;
  readonly #signal: AbortSignal;
  readonly #limit = atMost(CONCURRENT_READS);
  readonly #read = new Map<Digest, Promise<Manifest | undefined>>();
  /** Why something is not served. */
  readonly problems: string[] = [];
  /** Manifests that an index names and the source does not have, as in a layout of one platform. */
  readonly missing = new Set<Digest>();

  constructor(source: BlobSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Says whether `root` can be served. */
  async add(repository: ServedRepository, root: Descriptor): Promise<boolean> {
    if (repository.manifest(root.digest) !== undefined) return true;
    if (!isManifestType(root.mediaType)) return this.#addUnknown(repository, root);
    const read = async (found: Descriptor): Promise<Manifest | undefined> =>
      repository.manifest(found.digest) === undefined ? this.#load(found) : undefined;
    for await (const { descriptor, manifest } of walkManifests(root, read)) {
      repository.addManifest(describeManifest(manifest, descriptor.digest));
      for (const blob of blobsOf(manifest)) repository.addBlob(blob);
    }
    return repository.manifest(root.digest) !== undefined;
  }

  /** A root of a type that is not known must not be an error: it is served as the bytes it is. */
  async #addUnknown(repository: ServedRepository, root: Descriptor): Promise<boolean> {
    const { mediaType, digest, size } = root;
    const bytes = await this.#tried(root, () => readVerified(this.#source, root));
    if (bytes === undefined) return false;
    repository.addManifest({ descriptor: { mediaType, digest, size }, children: [] });
    return true;
  }

  #load(descriptor: Descriptor): Promise<Manifest | undefined> {
    const { digest } = descriptor;
    const loading =
      this.#read.get(digest) ??
      this.#tried(descriptor, () => readManifest(this.#source, descriptor));
    this.#read.set(digest, loading);
    return loading;
  }

  #tried<T>({ digest }: Descriptor, read: () => Promise<T>): Promise<T | undefined> {
    return this.#limit(async () => {
      this.#signal.throwIfAborted();
      try {
        return await read();
      } catch (error) {
        this.#signal.throwIfAborted();
        if (systemCode(error) === "ENOENT") this.missing.add(digest);
        else this.problems.push(reasonOf(error));
        return undefined;
      }
    });
  }
}
