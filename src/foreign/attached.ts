import { append } from "../content/append.ts";
import { DrayError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { subjectOfTag } from "../oci/referrer.ts";
import type { RepositoryName } from "./given-names.ts";
import { withName } from "./adopt-names.ts";
import type { FollowedRoot } from "./followed.ts";

/** What is about an image stands in each of its repositories: a few of both make very many. */
const MAX_NAMED = 100_000;

/** Repositories by the digests of what belongs to them. */
type Homes = ReadonlyMap<Digest, ReadonlyMap<string, RepositoryName>>;

/**
 * Signatures, lists of referrers and the like stand in a layout without a name, or under a tag that
 * is made of a digest: they belong to every repository that has what they are about. What is about
 * them in turn follows.
 */
export function nameAttached(roots: readonly FollowedRoot[]): readonly FollowedRoot[] {
  const homes = homesOf(roots);
  const named: FollowedRoot[] = [];
  for (const root of roots) {
    append(named, root.name === undefined ? attach(root, homes) : [root]);
    if (named.length > MAX_NAMED) throw tooMany();
  }
  return named.some(({ name }, index) => name !== roots[index]?.name) ? nameAttached(named) : named;
}

function tooMany(): DrayError {
  return new DrayError(
    "DRAY_LAYOUT_INVALID",
    `Cannot name what the images are signed with: expected at most ${MAX_NAMED} names, as many repositories as each has, found more`,
    { kind: "refused" },
  );
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
