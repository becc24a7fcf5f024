import type { Digest } from "../oci/digest.ts";
import { subjectOfTag } from "../oci/referrer.ts";
import type { RepositoryName } from "./given-names.ts";
import { withName, type NamedRoot } from "./adopt-names.ts";
import type { FollowedRoot } from "./followed.ts";

/** Repositories by the digests of what belongs to them. */
type Homes = ReadonlyMap<Digest, ReadonlyMap<string, RepositoryName>>;

/**
 * Signatures, lists of referrers and the like stand in a layout without a name, or under a tag that
 * is made of a digest: they belong to every repository that has what they are about. What is about
 * them in turn follows.
 */
export function nameAttached(roots: readonly FollowedRoot[]): readonly FollowedRoot[] {
  const homes = homesOf(roots);
  const named = roots.flatMap((root) => (root.name === undefined ? attach(root, homes) : [root]));
  return named.some(({ name }, index) => name !== roots[index]?.name) ? nameAttached(named) : named;
}

function attach(item: FollowedRoot, homes: Homes): FollowedRoot[] {
  const about = aboutWhat(item);
  const repositories = about === undefined ? undefined : homes.get(about);
  if (repositories === undefined) return [item];
  const { tag, descriptor } = item;
  const rest = tag === undefined ? { digest: descriptor.digest } : { tag };
  return [...repositories.values()].map((repository) => withName(item, { ...repository, ...rest }));
}

function aboutWhat({ root, tag = "" }: FollowedRoot): Digest | undefined {
  return root?.manifest.subject?.digest ?? subjectOfTag(tag);
}

/** True for what is about an image and is none itself. */
export function isAttached({ root, tag, reference }: FollowedRoot): boolean {
  return (
    root?.manifest.subject !== undefined || subjectOfTag(reference?.tag ?? tag ?? "") !== undefined
  );
}

function homesOf(roots: readonly FollowedRoot[]): Homes {
  const homes = new Map<Digest, Map<string, RepositoryName>>();
  for (const { root, reference } of roots) {
    if (reference === undefined || root === undefined) continue;
    const { registry, repository } = reference;
    for (const digest of root.blobs.keys()) {
      const known = homes.get(digest) ?? new Map<string, RepositoryName>();
      homes.set(digest, known.set(`${registry}/${repository}`, { registry, repository }));
    }
  }
  return homes;
}

/**
 * Leaves out what needs no name of its own, because another root holds it: the platforms of an
 * index that stand beside it, and what stands there a second time without its name.
 */
export function withoutImplied(roots: readonly FollowedRoot[]): readonly FollowedRoot[] {
  const holders = new Map<Digest, FollowedRoot[]>(
    roots.map(({ descriptor: { digest } }) => [digest, []]),
  );
  for (const item of roots) {
    for (const digest of item.root?.blobs.keys() ?? []) holders.get(digest)?.push(item);
  }
  return roots.filter(
    (item) =>
      !(holders.get(item.descriptor.digest) ?? []).some(
        (other) => other !== item && isImplied(item, other),
      ),
  );
}

/** True if `item` says nothing that `other`, which holds it, does not say. */
function isImplied(item: NamedRoot, other: NamedRoot): boolean {
  const isSame = item.descriptor.digest === other.descriptor.digest;
  const { reference, tag, isByDigest = false } = item;
  if (reference !== undefined) {
    return isByDigest && isNeighbor(reference, other) && (!isSame || tagOf(other) !== undefined);
  }
  if (item.name !== undefined) return false;
  if (tag !== undefined) return isSame && other.reference?.tag === tag;
  return !isSame || other.name !== undefined || tagOf(other) !== undefined;
}

function isNeighbor({ registry, repository }: RepositoryName, { reference }: NamedRoot): boolean {
  return reference?.registry === registry && reference.repository === repository;
}

function tagOf({ reference, tag }: NamedRoot): string | undefined {
  return reference?.tag ?? tag;
}
