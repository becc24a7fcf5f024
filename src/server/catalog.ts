import type { Source } from "../content/content.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { Manifest } from "../oci/manifest.ts";
import type { ServedRepositories } from "./served-repositories.ts";
import type { ServedRepository } from "./served-repository.ts";
import type { IncomingBlob } from "./incoming-blob.ts";

/** Where the bytes of blobs and manifests are read. */
export interface BlobSource extends Source {
  /**
   * Size of what is stored under a digest, undefined if nothing is. Left out by a source that is
   * known to be complete; what a manifest says about its blobs is believed then.
   */
  sizeOf?(descriptor: Descriptor): Promise<number | undefined> | number | undefined;
  /** The file that holds a blob and nothing else, where there is one: it is read without detours. */
  blobFile?(digest: Digest): string;
}

/** What a registry serves. Names and membership are in memory, bytes are not. */
export interface Catalog {
  readonly repositories: ServedRepositories;
  readonly blobs: BlobSource;
  /** Absent in a read-only registry. */
  readonly writer?: CatalogWriter;
  close(): Promise<void>;
}

/** How content gets in and out again. Everything is stored when the promise resolves. */
export interface CatalogWriter {
  startUpload(name: string, algorithm: DigestAlgorithm): Promise<IncomingBlob>;
  findUpload(name: string, id: string): IncomingBlob | undefined;
  /** Makes what was uploaded a blob. @throws ApiError `DIGEST_INVALID`, and nothing is left of it */
  commitUpload(upload: IncomingBlob, digest: Digest): Promise<void>;
  cancelUpload(upload: IncomingBlob): Promise<void>;
  /** Says whether the blob is in `name` now. Without `from`, any repository will do. */
  mount(digest: Digest, name: string, from: string | undefined): Promise<boolean>;
  putManifest(name: string, manifest: Manifest, identity: ManifestIdentity): Promise<void>;
  deleteTag(repository: ServedRepository, tag: string): Promise<boolean>;
  deleteManifest(repository: ServedRepository, digest: Digest): Promise<boolean>;
  deleteBlob(repository: ServedRepository, digest: Digest): Promise<boolean>;
}

export interface ManifestIdentity {
  readonly digest: Digest;
  readonly tags: readonly string[];
}
