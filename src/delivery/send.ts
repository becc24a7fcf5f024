import { checkBlobs } from "../bundle/check-blobs.ts";
import { BundleRefused, type UsableBundle } from "../bundle/opened.ts";
import { forAll } from "../content/concurrency.ts";
import type { Bytes, FetchOptions, Source } from "../content/content.ts";
import { GraphCopy } from "../content/copy.ts";
import { DrayError, RegistryError } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { PushRecord } from "./record.ts";
import { isThere, type Situation } from "./situation.ts";

/** What is sent. */
export interface Parcel {
  readonly bundle: UsableBundle;
  /** Where the bundle lies, for messages. */
  readonly path: string;
  /** Every byte of it was verified before. */
  readonly isVerified: boolean;
  readonly record: PushRecord;
}

/**
 * Sends what is missing, and no tag. Where one is to be written afterwards, every blob of the bundle
 * has been verified when this is through, those too that nobody had to send.
 *
 * @throws BundleRefused with everything that is damaged
 */
export async function sendAll(
  situations: readonly Situation[],
  { bundle, path, isVerified, record }: Parcel,
  run: Run,
): Promise<void> {
  const blobs = [...bundle.graph.reachable.values()];
  const sent = new SentContent(bundle.source);
  run.onEvent({ type: "stage", stage: "push", bytes: sizeOf(blobs) });
  try {
    await copyAll(situations, sent, { run, record });
  } catch (error) {
    run.signal.throwIfAborted();
    if (!isRefusal(error)) throw error;
    // What else is damaged is said at once, so that the next copy is not refused for that.
    run.onEvent({ type: "stage", stage: "verify", bytes: sizeOf(blobs) });
    const damaged = await checkBlobs(bundle, blobs, run);
    throw damaged.length === 0 ? error : new BundleRefused(path, damaged);
  }
  const rest = isVerified || situations.every(isThere) ? [] : sent.unread(blobs);
  if (rest.length === 0) return;
  run.onEvent({ type: "stage", stage: "check", bytes: sizeOf(rest) });
  const damaged = await checkBlobs(bundle, rest, run);
  if (damaged.length > 0) throw new BundleRefused(path, damaged);
}

/** One copy for each repository: what its images share goes there once. */
async function copyAll(
  situations: readonly Situation[],
  source: Source,
  { run, record }: { run: Run; record: PushRecord },
): Promise<void> {
  const copies = new Map<string, GraphCopy>();
  await forAll(situations, run.signal, async ({ repository, plan }, signal) => {
    const { limit } = repository.client;
    const onEvent = record.transfers.listener(plan.repository, run.onEvent);
    const copy =
      copies.get(plan.repository) ?? new GraphCopy(source, repository, { limit, signal, onEvent });
    copies.set(plan.repository, copy);
    try {
      await copy.copy(plan.root.descriptor);
    } catch (error) {
      // Those that are stopped by the failure of another have none of their own.
      if (!signal.aborted && error instanceof DrayError) record.fail(plan, error);
      throw error;
    }
  });
}

/**
 * The content of a bundle while it is sent. Whoever reads it verifies it, and fails where it is
 * damaged; this remembers what was read to its end.
 */
class SentContent implements Source {
  readonly name: string;
  readonly #source: Source;
  readonly #read = new Set<Digest>();

  constructor(source: Source) {
    this.name = source.name;
    this.#source = source;
  }

  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    yield* this.#source.fetch(descriptor, options);
    if ((options.offset ?? 0) === 0) this.#read.add(descriptor.digest);
  }

  /** Those of `descriptors` that nobody has read whole. */
  unread(descriptors: readonly Descriptor[]): Descriptor[] {
    return descriptors.filter(({ digest }) => !this.#read.has(digest));
  }
}

/** Content was refused, and not a request. */
function isRefusal(error: unknown): boolean {
  const isRequest = error instanceof RegistryError;
  return error instanceof DrayError && error.kind === "refused" && !isRequest;
}

function sizeOf(descriptors: readonly Descriptor[]): number {
  return descriptors.reduce((sum, { size }) => sum + size, 0);
}
