import { checkBlobs } from "../bundle/check-blobs.ts";
import { BundleRefused, type UsableBundle } from "../bundle/opened.ts";
import type { Bytes, FetchOptions, Source } from "../content/content.ts";
import { DrayError, RegistryError } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";

/**
 * The content of a bundle while it is sent. Whoever reads it verifies it, and fails where it is
 * damaged; this remembers what was read to its end.
 */
export class BundleContent implements Source {
  readonly name: string;
  readonly #bundle: UsableBundle;
  /** Where the bundle lies, for messages. */
  readonly #path: string;
  readonly #run: Run;
  readonly #read = new Set<Digest>();
  /** Where the target has what a delta leaves out. */
  #atTarget: ReadonlyMap<Digest, Source> = new Map();

  constructor(bundle: UsableBundle, path: string, run: Run) {
    this.name = bundle.source.name;
    this.#bundle = bundle;
    this.#path = path;
    this.#run = run;
  }

  /** Says where the target has what the bundle leaves out: what it does not mount comes from there. */
  complete(places: ReadonlyMap<Digest, Source>): void {
    this.#atTarget = places;
  }

  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    const place = this.#atTarget.get(descriptor.digest) ?? this.#bundle.source;
    yield* place.fetch(descriptor, options);
    if ((options.offset ?? 0) === 0) this.#read.add(descriptor.digest);
  }

  /**
   * What to throw in the place of an error of sending: what else is damaged is said at once, so that
   * the next copy is not refused for that.
   */
  async explained(error: unknown): Promise<unknown> {
    if (!isRefusal(error)) return error;
    const blobs = this.#blobs();
    this.#run.onEvent({ type: "stage", stage: "verify", bytes: sizeOf(blobs) });
    const damaged = await checkBlobs(this.#bundle, blobs, this.#run);
    return damaged.length === 0 ? error : new BundleRefused(this.#path, damaged);
  }

  /**
   * Reads and verifies what nobody had to send.
   * @throws BundleRefused with everything that is damaged
   */
  async requireRest(): Promise<void> {
    const rest = this.#blobs().filter(({ digest }) => !this.#read.has(digest));
    if (rest.length === 0) return;
    this.#run.onEvent({ type: "stage", stage: "check", bytes: sizeOf(rest) });
    const damaged = await checkBlobs(this.#bundle, rest, this.#run);
    if (damaged.length > 0) throw new BundleRefused(this.#path, damaged);
  }

  #blobs(): Descriptor[] {
    const { graph, delta } = this.#bundle;
    const absent = new Set(delta?.leftOut.map(({ descriptor }) => descriptor.digest));
    return [...graph.reachable.values()].filter(({ digest }) => !absent.has(digest));
  }
}

/** Content was refused, and not a request. */
function isRefusal(error: unknown): boolean {
  const isRequest = error instanceof RegistryError;
  return error instanceof DrayError && error.kind === "refused" && !isRequest;
}

function sizeOf(descriptors: Iterable<Descriptor>): number {
  return [...descriptors].reduce((sum, { size }) => sum + size, 0);
}
