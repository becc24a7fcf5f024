import { checkBlob } from "../content/verify.ts";
import { ImageLayout } from "../layout/layout.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Resolved } from "./resolve.ts";

/** Bytes that the store in `directory` does not have yet, each blob counted once. */
export async function missingBytes(
  resolved: readonly Resolved[],
  directory: string,
): Promise<number> {
  const store = new ImageLayout(directory);
  let missing = 0;
  for (const descriptor of reachable(resolved)) {
    if (!(await store.exists(descriptor))) missing += descriptor.size;
  }
  return missing;
}

/** Removes what does not have its digest any more, and says how many blobs that were. */
export async function removeDamaged(
  blobs: Iterable<Descriptor>,
  store: ImageLayout,
): Promise<number> {
  let removed = 0;
  for (const descriptor of blobs) {
    if ((await checkBlob(store, descriptor)) === undefined) continue;
    await store.remove(descriptor.digest);
    removed++;
  }
  return removed;
}

/** Every blob of every graph, once. */
export function reachable(resolved: readonly Resolved[]): Iterable<Descriptor> {
  const blobs = new Map<Digest, Descriptor>();
  for (const { graph } of resolved) {
    for (const [digest, descriptor] of graph.reachable) blobs.set(digest, descriptor);
  }
  return blobs.values();
}
