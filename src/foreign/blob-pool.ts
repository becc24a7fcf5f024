import type { BundleSource } from "../bundle/opened.ts";
import type { Bytes, FetchOptions } from "../content/content.ts";
import { once, type Authored } from "../content/memory.ts";
import { readVerified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { ForeignFile } from "./file-tree.ts";

/**
 * Every blob of what arrived under the digest that it claims to have, wherever it lies, and the
 * documents that had to be made. Like every source it leaves it to the reader to verify.
 */
export class BlobPool implements BundleSource {
  readonly name: string;
  /** Several files may claim one digest: one of them may be damaged. */
  readonly #files = new Map<Digest, ForeignFile[]>();
  readonly #documents = new Map<Digest, Buffer>();

  constructor(name: string) {
    this.name = name;
  }

  addFile(digest: Digest, file: ForeignFile): void {
    const known = this.#files.get(digest);
    if (known === undefined) this.#files.set(digest, [file]);
    else known.push(file);
  }

  addDocument({ descriptor, bytes }: Authored): void {
    this.#documents.set(descriptor.digest, bytes);
  }

  /** Takes over what another pool knows. */
  addAll(other: BlobPool): void {
    for (const [digest, files] of other.#files)
      for (const file of files) this.addFile(digest, file);
    for (const [digest, bytes] of other.#documents) this.#documents.set(digest, bytes);
  }

  has(digest: Digest): boolean {
    return this.#documents.has(digest) || this.#files.has(digest);
  }

  digests(): readonly Digest[] {
    return [...this.#files.keys()];
  }

  /** The file that holds a blob: the one of the right size, if several claim to. */
  fileOf({ digest, size }: Pick<Descriptor, "digest" | "size">): ForeignFile | undefined {
    const files = this.#files.get(digest);
    return files?.find((file) => file.size === size) ?? files?.[0];
  }

  async placeOf(descriptor: Descriptor): Promise<string | undefined> {
    return this.fileOf(descriptor)?.path;
  }

  sizeOf(descriptor: Descriptor): number | undefined {
    return this.#documents.get(descriptor.digest)?.length ?? this.fileOf(descriptor)?.size;
  }

  async read(descriptor: Descriptor): Promise<Buffer> {
    return this.#documents.get(descriptor.digest) ?? readVerified(this, descriptor);
  }

  fetch(descriptor: Descriptor, { offset = 0 }: FetchOptions = {}): Bytes {
    const document = this.#documents.get(descriptor.digest);
    if (document !== undefined) return once(document.subarray(offset));
    const file = this.fileOf(descriptor);
    if (file === undefined) throw missing(descriptor, this.name);
    return file.read({ offset });
  }
}

function missing({ digest }: Descriptor, name: string): DrayError {
  return new DrayError("DRAY_BLOB_MISSING", `Cannot read ${digest}: it is not in ${name}`, {
    kind: "refused",
  });
}
