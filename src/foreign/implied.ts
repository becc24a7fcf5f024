import type { Digest } from "../oci/digest.ts";
import type { FollowedRoot } from "./followed.ts";

/** What is said of one digest by the roots that hold it. */
interface Held {
  /** Roots of another digest that hold it. */
  readonly others: FollowedRoot[];
  /** The same root with a name or a tag. */
  named: number;
  /** Tags that it has in a reference. */
  readonly tags: Set<string>;
  /** How often it has a tag in a repository. */
  readonly tagged: Map<string, number>;
}

/**
 * Leaves out what needs no name of its own, because another root holds it: the platforms of an
 * index that stand beside it, and what stands there a second time without its name. What there is of
 * one digest is counted once, however many roots have it.
 */
export function withoutImplied(roots: readonly FollowedRoot[]): readonly FollowedRoot[] {
  const held = heldBy(roots);
  return roots.filter((item) => {
    const about = held.get(item.descriptor.digest);
    return about === undefined || !isImplied(item, about);
  });
}

function heldBy(roots: readonly FollowedRoot[]): ReadonlyMap<Digest, Held> {
  const held = new Map<Digest, Held>();
  for (const { descriptor } of roots) {
    held.set(descriptor.digest, { others: [], named: 0, tags: new Set(), tagged: new Map() });
  }
  for (const item of roots) {
    const { digest } = item.descriptor;
    for (const other of item.root?.blobs.keys() ?? []) {
      if (other !== digest) held.get(other)?.others.push(item);
    }
    count(item, held.get(digest));
  }
  return held;
}

/** A root that cannot be read holds nothing, not even itself. */
function count(item: FollowedRoot, held: Held | undefined): void {
  if (held === undefined || item.root === undefined) return;
  const { reference, name } = item;
  const tag = tagOf(item);
  if (name !== undefined || tag !== undefined) held.named++;
  if (reference?.tag !== undefined) held.tags.add(reference.tag);
  const home = homeOf(item);
  if (home !== undefined && tag !== undefined) {
    held.tagged.set(home, (held.tagged.get(home) ?? 0) + 1);
  }
}

/** True if `item` says nothing that another root, which holds it, does not say. */
function isImplied(item: FollowedRoot, { others, named, tags, tagged }: Held): boolean {
  const home = homeOf(item);
  if (home !== undefined) {
    if (item.isByDigest !== true) return false;
    const own = item.root !== undefined && tagOf(item) !== undefined ? 1 : 0;
    return (tagged.get(home) ?? 0) > own || others.some((other) => homeOf(other) === home);
  }
  if (item.name !== undefined) return false;
  if (item.tag !== undefined) return tags.has(item.tag);
  return others.length > 0 || named > 0;
}

function homeOf({ reference }: FollowedRoot): string | undefined {
  return reference && `${reference.registry}/${reference.repository}`;
}

function tagOf({ reference, tag }: FollowedRoot): string | undefined {
  return reference?.tag ?? tag;
}
