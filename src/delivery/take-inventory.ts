import { forAll } from "../content/concurrency.ts";
import { readManifest } from "../content/verify.ts";
import { walkManifests } from "../content/walk.ts";
import { DrayError, RegistryError } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { blobsOf, MAX_INDEX_DEPTH, type Manifest } from "../oci/manifest.ts";
import { isTag } from "../oci/reference.ts";
import type { Repository } from "../remote/registry/repository.ts";
import { listTags } from "../remote/registry/tags.ts";

/** What one repository has. */
export interface RepositoryStock {
  readonly name: string;
  readonly tags: ReadonlyMap<string, Digest>;
  /** Asked for, and there with their size. */
  readonly blobs: ReadonlyMap<Digest, Descriptor>;
  readonly findings: readonly Finding[];
}

/** More manifests below the tags of one repository are made to keep somebody busy. */
const MAX_MANIFESTS = 200_000;

/**
 * Looks at everything that the tags of a repository stand for, and asks for every blob of it: a manifest
 * may outlive what it needs. What cannot be read is said and left out.
 */
export async function takeStock(repository: Repository, run: Run): Promise<RepositoryStock> {
  const { signal } = run;
  const stock = new Stock(repository, signal);
  const tags = await tagsOf(repository, signal);
  await forAll(tags, signal, (tag) => stock.look(tag));
  await stock.askForBlobs();
  const { repository: name } = repository;
  return { name, tags: stock.tags, blobs: stock.blobs, findings: stock.findings() };
}

/** None where the repository is listed and there is nothing behind it any more. */
async function tagsOf(repository: Repository, signal: AbortSignal): Promise<string[]> {
  const { limit } = repository.client;
  try {
    return (await limit(() => listTags(repository, signal))).filter(isTag);
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return [];
    throw error;
  }
}

class Stock {
  readonly tags = new Map<string, Digest>();
  readonly blobs = new Map<Digest, Descriptor>();
  readonly #needed = new Map<Digest, Descriptor>();
  readonly #manifests = new Map<Digest, Promise<Manifest | undefined>>();
  readonly #unreadable = new Map<string, string>();
  /** The first manifest that was not read, by the reason. */
  readonly #beyond = new Map<string, Digest>();
  readonly #repository: Repository;
  readonly #signal: AbortSignal;

  constructor(repository: Repository, signal: AbortSignal) {
    this.#repository = repository;
    this.#signal = signal;
  }

  /** Notes what a tag stands for and all that it needs. */
  async look(tag: string): Promise<void> {
    const { limit } = this.#repository.client;
    const signal = this.#signal;
    const root = await this.#orSaid(tag, () => limit(() => this.#repository.find(tag, { signal })));
    if (root === undefined) return;
    this.tags.set(tag, root.digest);
    const read = (found: Descriptor, depth: number): Promise<Manifest | undefined> =>
      depth > MAX_INDEX_DEPTH
        ? this.#leave(found, `more than ${MAX_INDEX_DEPTH} indexes are around it`)
        : this.#manifest(found);
    for await (const { manifest } of walkManifests(root, read)) {
      for (const blob of blobsOf(manifest)) this.#needed.set(blob.digest, blob);
    }
  }

  async askForBlobs(): Promise<void> {
    const { limit } = this.#repository.client;
    const signal = this.#signal;
    await forAll([...this.#needed.values()], signal, async (blob) => {
      const isThere = await limit(() => this.#repository.exists(blob, { signal }));
      if (isThere) this.blobs.set(blob.digest, blob);
    });
  }

  /** What a delta since this inventory brings again. */
  findings(): Finding[] {
    const name = this.#repository.repository;
    const lost = this.#needed.size - this.blobs.size;
    const some =
      lost === 1
        ? "1 blob that its manifests need is"
        : `${lost} blobs that its manifests need are`;
    return [
      ...(lost === 0 ? [] : [incomplete(name, `${some} not there`)]),
      ...[...this.#unreadable].map(([what, why]) => incomplete(name, `${what}: ${why}`)),
      ...[...this.#beyond].map(([why, first]) =>
        incomplete(name, `${first}, and perhaps others: ${why}`),
      ),
    ];
  }

  #manifest(descriptor: Descriptor): Promise<Manifest | undefined> {
    const { digest } = descriptor;
    const known = this.#manifests.get(digest);
    if (known !== undefined) return known;
    if (this.#manifests.size >= MAX_MANIFESTS) {
      return this.#leave(descriptor, `${MAX_MANIFESTS} others have been read before it`);
    }
    const { limit } = this.#repository.client;
    const options = { signal: this.#signal };
    const reading = this.#orSaid(digest, () =>
      limit(() => readManifest(this.#repository, descriptor, options)),
    );
    this.#manifests.set(digest, reading);
    return reading;
  }

  /** Of what is beyond measure the first is named: there may be any number. */
  async #leave({ digest }: Descriptor, why: string): Promise<undefined> {
    if (!this.#beyond.has(why)) this.#beyond.set(why, digest);
  }

  /** What is not there, or is no manifest, stops nothing else. */
  async #orSaid<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof DrayError)) throw error;
      const isGone = error instanceof RegistryError && error.status === 404;
      const isOwn = error.kind === "refused" && !(error instanceof RegistryError);
      if (!isGone && !isOwn) throw error;
      this.#unreadable.set(what, isGone ? "it is not there" : error.message);
      return undefined;
    }
  }
}

function incomplete(name: string, what: string): Finding {
  return {
    code: "INVENTORY_INCOMPLETE",
    severity: "warning",
    entry: name,
    message: `${name}: ${what}`,
    hint: "It is not in the inventory, so that a delta brings it again.",
  };
}
