import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobSource } from "./catalog.ts";

/** What a writable registry needs of an image layout in a directory. */
export interface LayoutFiles extends BlobSource {
  /** A directory of the same file system, for what is not finished. */
  readonly ingestDirectory: string;
  blobFile(digest: Digest): string;
  sizeOf(descriptor: Pick<Descriptor, "digest">): Promise<number | undefined>;
  roots(): Promise<readonly Descriptor[]>;
  /** Replaces `index.json`, atomically and durably. */
  writeRoots(roots: readonly Descriptor[]): Promise<void>;
  close(): Promise<void>;
}
