import { collect } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { parseManifest } from "../oci/manifest.ts";
import type { BlobPool } from "./blob-pool.ts";
import { mediaTypeOf } from "./documents.ts";

/**
 * Image manifests among blobs that nothing names, by the digest of their config: an image whose
 * manifest is there keeps its digest. Only what is whole counts, and where two manifests have one
 * config, neither is meant.
 */
export async function manifestsOf(
  configs: ReadonlySet<Digest>,
  blobs: BlobPool,
): Promise<ReadonlyMap<Digest, Descriptor>> {
  const found = new Map<Digest, Descriptor>();
  const double = new Set<Digest>();
  for (const digest of configs.size === 0 ? [] : blobs.digests()) {
    const manifest = await imageManifestIn(digest, blobs);
    if (manifest === undefined || !configs.has(manifest.config)) continue;
    if (found.has(manifest.config)) double.add(manifest.config);
    found.set(manifest.config, manifest.descriptor);
  }
  for (const config of double) found.delete(config);
  return found;
}

async function imageManifestIn(
  digest: Digest,
  blobs: BlobPool,
): Promise<{ config: Digest; descriptor: Descriptor } | undefined> {
  const file = blobs.fileOf({ digest, size: -1 });
  if (file === undefined || file.size > MAX_MANIFEST_BYTES) return undefined;
  if ((await collect(file.read({ length: 1 }))).toString("latin1") !== "{") return undefined;
  const what = `manifest ${digest}`;
  try {
    const raw = await collect(file.read());
    const mediaType = mediaTypeOf(raw, what);
    const manifest = parseManifest(raw, { mediaType, what });
    if (manifest.kind === "index") return undefined;
    const { config, layers } = manifest;
    const isWhole = [config, ...layers].every((blob) => blobs.sizeOf(blob) === blob.size);
    const descriptor = { mediaType: manifest.mediaType, digest, size: file.size };
    return isWhole ? { config: config.digest, descriptor } : undefined;
  } catch (error) {
    // A config, or anything else in JSON.
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
