import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childrenOf, type Manifest } from "../oci/manifest.ts";
import { append } from "./append.ts";

/** A manifest that a walk has come to. */
export interface Step {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/**
 * Follows the manifests of a graph: parents before children, in the order in which they stand, each
 * once. `read` is asked wherever a manifest is named, with the number of indexes around it; where it
 * has nothing to give, nothing follows.
 */
export async function* walkManifests(
  root: Descriptor,
  read: (descriptor: Descriptor, depth: number) => Promise<Manifest | undefined>,
): AsyncGenerator<Step, void, undefined> {
  const seen = new Set<Digest>();
  const ahead = [{ descriptor: root, depth: 0 }];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { descriptor, depth } = next;
    const manifest = await read(descriptor, depth);
    if (manifest === undefined || seen.has(descriptor.digest)) continue;
    seen.add(descriptor.digest);
    yield { descriptor, manifest };
    const children = childrenOf(manifest).toReversed();
    append(
      ahead,
      children.map((child) => ({ descriptor: child, depth: depth + 1 })),
    );
  }
}
