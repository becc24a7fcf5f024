import { atMost } from "../content/concurrency.ts";
import { readVerified } from "../content/verify.ts";
import { systemCode } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-type.ts";
import { reasonOf } from "./api-error.ts";
import type { Repository } from "./served-repository.ts";
import type { BlobSource } from "./catalog.ts";
import { blobsOf, childrenOf, describeManifest, type StoredManifest } from "./stored-manifest.ts";

/** Manifests read at once while a layout is opened. */
const CONCURRENT_READS = 16;

interface Loaded {
  readonly stored: StoredManifest;
  readonly children: readonly Descriptor[];
  readonly blobs: readonly Descriptor[];
}

/** Puts a root and all that it leads to into a repository. Each manifest is read once. */
export class GraphLoader {
  readonly #source: BlobSource;
  readonly #signal: AbortSignal | undefined;
  readonly #limit = atMost(CONCURRENT_READS);
  readonly #read = new Map<Digest, Promise<Loaded | undefined>>();
  /** Why something is not served. */
  readonly problems: string[] = [];
  /** Manifests that an index names and the source does not have, as in a layout of one platform. */
  readonly missing = new Set<Digest>();

  constructor(source: BlobSource, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Says whether `descriptor` can be served. */
  async add(repository: Repository, descriptor: Descriptor): Promise<boolean> {
    if (repository.manifest(descriptor.digest) !== undefined) return true;
    const loaded = await this.#load(descriptor);
    if (loaded === undefined) return false;
    repository.addManifest(loaded.stored);
    for (const blob of loaded.blobs) repository.addBlob(blob);
    await Promise.all(loaded.children.map((child) => this.add(repository, child)));
    return true;
  }

  #load(descriptor: Descriptor): Promise<Loaded | undefined> {
    const { digest } = descriptor;
    const loading = this.#read.get(digest) ?? this.#limit(() => this.#fetch(descriptor));
    this.#read.set(digest, loading);
    return loading;
  }

  async #fetch(descriptor: Descriptor): Promise<Loaded | undefined> {
    this.#signal?.throwIfAborted();
    try {
      const raw = await readVerified(this.#source, descriptor);
      return read(raw, descriptor, this.#source.name);
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (systemCode(error) === "ENOENT") this.missing.add(descriptor.digest);
      else this.problems.push(reasonOf(error));
      return undefined;
    }
  }
}

function read(raw: Buffer, descriptor: Descriptor, from: string): Loaded {
  const { mediaType, digest, size } = descriptor;
  // A root of a type that is not known must not be an error: it is served as the bytes it is.
  if (!isManifestType(mediaType)) {
    const stored = { descriptor: { mediaType, digest, size }, children: [] };
    return { stored, children: [], blobs: [] };
  }
  const manifest = parseManifest(raw, { mediaType, what: `${digest} from ${from}` });
  return {
    stored: describeManifest(manifest, digest),
    children: childrenOf(manifest),
    blobs: blobsOf(manifest),
  };
}
