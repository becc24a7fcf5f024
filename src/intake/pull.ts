import { all, joinSignals } from "../content/concurrency.ts";
import { GraphCopy } from "../content/copy.ts";
import type { Bytes, FetchOptions, Source } from "../content/content.ts";
import type { DocumentCache } from "../content/document-cache.ts";
import { verified } from "../content/verify.ts";
import type { Listener, Run } from "../events.ts";
import type { ImageLayout } from "../layout/layout.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { blobPath } from "../oci/image-layout.ts";
import { isManifestType } from "../oci/media-type.ts";
import type { Resolved } from "./resolve.ts";

/** One image or chart on its way. */
interface Arrival {
  readonly resolved: Resolved;
  readonly copy: GraphCopy;
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
  #failure: unknown;
  readonly #store: ImageLayout;
  readonly #documents: readonly DocumentCache[];
  readonly #arrivals = new Map<Digest, Promise<void>>();
  /** Verified while they arrived, a moment ago. */
  readonly #fresh = new Set<Digest>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;

  constructor(resolved: readonly Resolved[], store: ImageLayout, { signal, onEvent }: Run) {
    this.name = store.name;
    this.#store = store;
    this.#documents = resolved.map(({ source }) => source);
    this.#signal = joinSignals(this.#stop.signal, signal);
    const listen: Listener = (event) => {
      if (event.type === "copied") this.#fresh.add(event.descriptor.digest);
      onEvent(event);
    };
    const options = { signal: this.#signal, onEvent: listen };
    const arrivals = resolved.map((one) => ({
      resolved: one,
      copy: new GraphCopy(one.source, store, { limit: one.limit, ...options }),
    }));
    this.#startBlobs(arrivals);
    this.finished = all(arrivals.map((arrival) => this.#complete(arrival, listen)));
    // Whoever waits for a blob hears of the failure first.
    this.finished.catch(() => undefined);
  }

  /** True if fetching is what went wrong, and not whatever was done with what was fetched. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
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

  async #complete({ resolved, copy }: Arrival, listen: Listener): Promise<void> {
    try {
      await copy.copy(resolved.root.descriptor);
      listen({ type: "done", reference: resolved.name, result: "pulled" });
    } catch (error) {
      if (!this.#signal.aborted) this.#failure = error;
      this.stop(error);
      throw error;
    }
  }

  /** Blobs come in the order of the bundle: configs before layers, each by path. */
  #startBlobs(arrivals: readonly Arrival[]): void {
    const blobs = new Map<string, { descriptor: Descriptor; copy: GraphCopy }>();
    for (const { resolved, copy } of arrivals) {
      const { reachable, metadata } = resolved.graph;
      for (const descriptor of reachable.values()) {
        if (isManifestType(descriptor.mediaType)) continue;
        const rank = metadata.has(descriptor.digest) ? "0" : "1";
        blobs.set(`${rank}${blobPath(descriptor.digest)}`, { descriptor, copy });
      }
    }
    for (const [, { descriptor, copy }] of [...blobs].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (!this.#arrivals.has(descriptor.digest)) {
        this.#arrivals.set(descriptor.digest, copy.ahead(descriptor));
      }
    }
  }
}
