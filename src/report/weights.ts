import type { Root } from "../content/graph.ts";
import type { Digest } from "../oci/digest.ts";

/** Where the bytes of one artifact are. */
export interface Weight {
  /** Bytes of all its blobs, each once. */
  readonly size: number;
  /** Of these the bytes that no other artifact has. */
  readonly own: number;
  /** The artifacts that it shares blobs with, those with the most bytes first. */
  readonly sharedWith: readonly SharedBytes[];
}

export interface SharedBytes {
  readonly reference: string;
  readonly bytes: number;
}

/** A base that hundreds of images stand on is no news about any two of them. */
const MAX_NEIGHBORS = 20;

/** Weighs what shares blobs: the weights in the order of `roots`. */
export function weigh(roots: readonly Root[]): Weight[] {
  const owners = new Map<Digest, number[]>();
  for (const [index, { blobs }] of roots.entries()) {
    for (const digest of blobs.keys()) {
      const found = owners.get(digest);
      if (found === undefined) owners.set(digest, [index]);
      else found.push(index);
    }
  }
  return roots.map(({ blobs, size }, index) => {
    let own = 0;
    const shared = new Map<number, number>();
    for (const { digest, size: bytes } of blobs.values()) {
      const others = (owners.get(digest) ?? []).filter((other) => other !== index);
      if (others.length === 0) own += bytes;
      for (const other of others.slice(0, MAX_NEIGHBORS)) {
        shared.set(other, (shared.get(other) ?? 0) + bytes);
      }
    }
    return { size, own, sharedWith: named(shared, roots) };
  });
}

function named(shared: ReadonlyMap<number, number>, roots: readonly Root[]): SharedBytes[] {
  const entries = [...shared].toSorted(([, a], [, b]) => b - a).slice(0, MAX_NEIGHBORS);
  return entries.flatMap(([index, bytes]) => {
    const root = roots[index];
    return root === undefined ? [] : [{ reference: root.name ?? root.descriptor.digest, bytes }];
  });
}
