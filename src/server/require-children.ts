import { blobsOf, childrenOf, type Manifest } from "../oci/manifest.ts";
import { isNonDistributableType } from "../oci/media-type.ts";
import type { Digest } from "../oci/digest.ts";
import { ApiError, type ErrorEntry } from "./api-error.ts";
import { sizeIn } from "./blobs.ts";
import type { Catalog } from "./catalog.ts";

/** Of many missing blobs, these are enough to see what went wrong. */
const MAX_REPORTED = 100;

/**
 * Refuses a manifest whose blobs or children are not in its repository. The subject may be missing,
 * and so may layers that their license keeps elsewhere.
 *
 * @throws ApiError `MANIFEST_BLOB_UNKNOWN`
 */
export async function requireChildren(
  manifest: Manifest,
  { repositories, blobs }: Catalog,
  name: string,
): Promise<void> {
  const repository = repositories.find(name);
  const missing = new Set<Digest>();
  for (const { digest } of childrenOf(manifest)) {
    if (repository?.manifest(digest) === undefined) missing.add(digest);
  }
  for (const { digest, mediaType } of blobsOf(manifest)) {
    if (missing.has(digest) || isNonDistributableType(mediaType)) continue;
    const size = repository && (await sizeIn(repository, digest, blobs));
    if (size === undefined) missing.add(digest);
  }
  const [first, ...more] = [...missing].slice(0, MAX_REPORTED).map(unknownTo);
  if (first === undefined) return;
  throw new ApiError(first.code, first.message, { detail: first.detail, more });
}

function unknownTo(digest: Digest): ErrorEntry {
  return {
    code: "MANIFEST_BLOB_UNKNOWN",
    message: "manifest references a manifest or blob unknown to repository",
    detail: { digest },
  };
}
