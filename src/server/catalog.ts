import type { Source } from "../content/content.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import type { Manifest } from "../oci/manifest.ts";
import type { Repositories } from "./repositories.ts";
import type { Repository } from "./served-repository.ts";
import type { Upload } from "./incoming-blob.ts";

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
export interface RegistryStore {
  readonly repositories: Repositories;
  readonly blobs: BlobSource;
  /** Absent in a read-only registry. */
  readonly writer?: RegistryWriter;
  close(): Promise<void>;
}

/** How content gets in and out again. Everything is stored when the promise resolves. */
export interface RegistryWriter {
  startUpload(name: string, algorithm: DigestAlgorithm): Promise<Upload>;
  findUpload(name: string, id: string): Upload | undefined;
  /** Makes what was uploaded a blob. @throws ApiError `DIGEST_INVALID`, and nothing is left of it */
  commitUpload(upload: Upload, digest: Digest): Promise<void>;
  cancelUpload(upload: Upload): Promise<void>;
  /** Says whether the blob is in `name` now. Without `from`, any repository will do. */
  mount(digest: Digest, name: string, from: string | undefined): Promise<boolean>;
  putManifest(name: string, manifest: Manifest, identity: ManifestIdentity): Promise<void>;
  deleteTag(repository: Repository, tag: string): Promise<boolean>;
  deleteManifest(repository: Repository, digest: Digest): Promise<boolean>;
  deleteBlob(repository: Repository, digest: Digest): Promise<boolean>;
}

export interface ManifestIdentity {
  readonly digest: Digest;
  readonly tags: readonly string[];
}
