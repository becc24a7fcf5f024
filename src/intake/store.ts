import { rm } from "node:fs/promises";
import { join } from "node:path";
import { checkBlob } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import { ImageLayout } from "../layout/layout.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { LAYOUT_FILE } from "../oci/image-layout.ts";
import { isManifestType } from "../oci/media-type.ts";
import type { Resolved } from "./resolve.ts";

/**
 * Opens the content store, which is made where there is none. Only its blobs count, and their digests
 * say whether they are right: a marker that the disk has spoiled is written anew.
 */
export async function openStore(directory: string): Promise<ImageLayout> {
  try {
    return await ImageLayout.create(directory);
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    await rm(join(directory, LAYOUT_FILE), { force: true });
    return ImageLayout.create(directory);
  }
}

/**
 * Removes those of `blobs` that the store has and that do not have their digest any more, and says how
 * many that were.
 */
export async function removeDamaged(
  blobs: Iterable<Descriptor>,
  store: ImageLayout,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (const descriptor of blobs) {
    if ((await store.sizeOf(descriptor)) === undefined) continue;
    if ((await checkBlob(store, descriptor, { signal })) === undefined) continue;
    await store.remove(descriptor.digest);
    removed++;
  }
  return removed;
}

/** The manifests and configs of every graph: they are known already, so nobody would read the store's. */
export function* documentsOf(resolved: readonly Resolved[]): Iterable<Descriptor> {
  for (const { graph } of resolved) {
    for (const descriptor of graph.reachable.values()) {
      const { digest, mediaType } = descriptor;
      if (isManifestType(mediaType) || graph.metadata.has(digest)) yield descriptor;
    }
  }
}

/** Every blob of every graph, once. */
export function reachable(resolved: readonly Resolved[]): Iterable<Descriptor> {
  const blobs = new Map<Digest, Descriptor>();
  for (const { graph } of resolved) {
    for (const [digest, descriptor] of graph.reachable) blobs.set(digest, descriptor);
  }
  return blobs.values();
}
