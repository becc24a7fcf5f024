import { setMaxListeners } from "node:events";
import { all, GraphCopy } from "./content/copy.ts";
import { discard, type Bytes, type FetchOptions, type Source } from "./content/content.ts";
import type { DocumentCache } from "./content/document-cache.ts";
import { verified } from "./content/verify.ts";
import { DrayError } from "./errors.ts";
import type { Listener } from "./events.ts";
import { ImageLayout } from "./layout/layout.ts";
import type { Descriptor } from "./oci/descriptor.ts";
import type { Digest } from "./oci/digest.ts";
import { blobPath } from "./oci/image-layout.ts";
import { isManifestType } from "./oci/media-type.ts";
import type { Resolved } from "./resolve.ts";

export interface PullOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

/** Bytes that the store in `directory` does not have yet, each blob counted once. */
export async function missingBytes(
  resolved: readonly Resolved[],
  directory: string,
): Promise<number> {
  const store = new ImageLayout(directory);
  let missing = 0;
  for (const descriptor of reachable(resolved)) {
    if (!(await store.exists(descriptor))) missing += descriptor.size;
  }
  return missing;
}

/** Removes what does not have its digest any more, and says how many blobs that were. */
export async function removeDamaged(
  blobs: Iterable<Descriptor>,
  store: ImageLayout,
): Promise<number> {
  let removed = 0;
  for (const descriptor of blobs) {
    if (await isIntact(descriptor, store)) continue;
    await store.remove(descriptor.digest);
    removed++;
  }
  return removed;
}

async function isIntact(descriptor: Descriptor, store: ImageLayout): Promise<boolean> {
  try {
    await discard(verified(store.fetch(descriptor), descriptor, { from: store.name }));
    return true;
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  }
}

/** Every blob of every graph, once. */
export function reachable(resolved: readonly Resolved[]): Iterable<Descriptor> {
  const blobs = new Map<Digest, Descriptor>();
  for (const { graph } of resolved) {
    for (const [digest, descriptor] of graph.reachable) blobs.set(digest, descriptor);
  }
  return blobs.values();
}

/**
 * Brings what was resolved into the store; what is there already stays. As a source it gives each
 * blob as soon as it has arrived, so that the bundle is written while the rest is on its way: blobs
 * come in the order in which the bundle has them.
 */
export class Pull implements Source {
  readonly name: string;
  /** Settles when nothing runs any more. */
  readonly finished: Promise<unknown>;
  /** Why the pull itself has failed, if it has. */
  failure: unknown;
  readonly #store: ImageLayout;
  readonly #documents: readonly DocumentCache[];
  readonly #arrivals = new Map<Digest, Promise<void>>();
  /** Verified while they arrived, a moment ago. */
  readonly #fresh = new Set<Digest>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;

  constructor(resolved: readonly Resolved[], store: ImageLayout, { signal, onEvent }: PullOptions) {
    this.name = store.name;
    this.#store = store;
    this.#documents = resolved.map(({ source }) => source);
    const either = AbortSignal.any([this.#stop.signal, ...(signal === undefined ? [] : [signal])]);
    setMaxListeners(0, either);
    this.#signal = either;
    const copies = resolved.map(({ limit, source }) => {
      const listen: Listener = (event) => {
        if (event.type === "copied") this.#fresh.add(event.descriptor.digest);
        onEvent?.(event);
      };
      return new GraphCopy(source, store, { limit, signal: either, onEvent: listen });
    });
    this.#startBlobs(resolved, copies);
    this.finished = all(
      copies.map(async (copy, index) => {
        const { root, name } = resolved[index] as Resolved;
        try {
          await copy.copy(root.descriptor);
          onEvent?.({ type: "done", reference: name, result: "pulled" });
        } catch (error) {
          if (!either.aborted) this.failure = error;
          this.stop(error);
          throw error;
        }
      }),
    );
    // Whoever waits for a blob hears of the failure first.
    this.finished.catch(() => undefined);
  }

  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    // A manifest is stored when all below it is there, and needed before that.
    const document = this.#documents.find((source) => source.holds(descriptor));
    if (document === undefined) await this.#arrival(descriptor);
    yield* (document ?? this.#store).fetch(descriptor, options);
  }

  /** What an earlier run has stored is hashed again; what has just arrived was hashed on the way. */
  async *fetchVerified(descriptor: Descriptor): Bytes {
    const content = this.fetch(descriptor);
    const isKnown = this.#documents.some((source) => source.holds(descriptor));
    if (!isKnown) await this.#arrival(descriptor);
    if (this.#fresh.has(descriptor.digest)) yield* content;
    else yield* verified(content, descriptor, { from: this.name });
  }

  async #arrival({ digest }: Descriptor): Promise<void> {
    try {
      await this.#arrivals.get(digest);
    } catch (error) {
      // What was stopped may be heard before the failure that stopped it.
      await this.finished.catch(() => undefined);
      this.#signal.throwIfAborted();
      throw error;
    }
  }

  #startBlobs(resolved: readonly Resolved[], copies: readonly GraphCopy[]): void {
    const blobs = new Map<string, { descriptor: Descriptor; copy: GraphCopy }>();
    for (const [index, { graph }] of resolved.entries()) {
      for (const descriptor of graph.reachable.values()) {
        if (isManifestType(descriptor.mediaType)) continue;
        const rank = graph.metadata.has(descriptor.digest) ? "0" : "1";
        blobs.set(`${rank}${blobPath(descriptor.digest)}`, {
          descriptor,
          copy: copies[index] as GraphCopy,
        });
      }
    }
    for (const [, { descriptor, copy }] of [...blobs].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (!this.#arrivals.has(descriptor.digest)) {
        this.#arrivals.set(descriptor.digest, copy.ahead(descriptor));
      }
    }
  }
}
