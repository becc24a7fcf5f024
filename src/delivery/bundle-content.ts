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

  constructor(bundle: UsableBundle, path: string, run: Run) {
    this.name = bundle.source.name;
    this.#bundle = bundle;
    this.#path = path;
    this.#run = run;
  }

  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    yield* this.#bundle.source.fetch(descriptor, options);
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
    return [...this.#bundle.graph.reachable.values()];
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
