import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Bytes, FetchOptions, Source } from "./content.ts";
import type { Authored } from "./memory.ts";
import { readVerified } from "./verify.ts";

/**
 * A source that remembers the small documents that were read from it, so that looking at a graph
 * first and copying it later asks for each manifest once.
 */
export class DocumentCache implements Source {
  readonly name: string;
  readonly #source: Source;
  readonly #documents = new Map<Digest, Promise<Buffer>>();
  readonly #blobs = new Map<Digest, Buffer>();

  constructor(source: Source) {
    this.name = source.name;
    this.#source = source;
  }

  /** Makes the source have a document that was made here. */
  add({ descriptor, bytes }: Authored): void {
    this.#documents.set(descriptor.digest, Promise.resolve(bytes));
  }

  /** Gives a blob that is here already instead of fetching it. */
  keep({ descriptor, bytes }: Authored): void {
    this.#blobs.set(descriptor.digest, bytes);
  }

  /** A manifest or config, whole and verified. */
  read(
    descriptor: Descriptor,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Buffer> {
    const known = this.#documents.get(descriptor.digest);
    if (known !== undefined) return known;
    const reading = readVerified(this.#source, descriptor, options);
    this.#documents.set(descriptor.digest, reading);
    reading.catch(() => this.#documents.delete(descriptor.digest));
    return reading;
  }

  /** Whether a document can be had without asking the source. */
  holds({ digest }: Descriptor): boolean {
    return this.#documents.has(digest);
  }

  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    const { digest } = descriptor;
    const known = this.#blobs.get(digest) ?? (await this.#documents.get(digest));
    if (known === undefined) yield* this.#source.fetch(descriptor, options);
    else yield known.subarray(options.offset ?? 0);
  }
}
