import { standingOf, type Base, type Held, type Standing } from "../bundle/base.ts";
import { MAX_PLACES, type DeltaBase } from "../bundle/delta-document.ts";
import type { BundleArtifact } from "../bundle/format.ts";
import type { Digest } from "../oci/digest.ts";
import type { Inventory, InventoryRepository } from "./inventory-document.ts";
import type { Mapping } from "./mapping.ts";
import { nameAt } from "./names.ts";

/** What a registry was found to have, whoever has brought it there. */
export function baseOfInventory(inventory: Inventory, mapping: Mapping): Base {
  const { registry, repositories, blobs } = inventory;
  const about: DeltaBase = { kind: "inventory", target: registry };
  const places = placesOfBlobs(inventory);
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  const byName = new Map(repositories.map((one) => [one.name, one]));
  return {
    about,
    find({ digest, size }): Held | undefined {
      const found = places.get(digest);
      if (found === undefined || sizes.get(digest) !== size) return undefined;
      return { by: about, repositories: found, references: [] };
    },
    standing: (artifacts) => mostThere(artifacts, { byName, mapping }),
    // No plain file is ever pushed.
    hasFile: () => false,
  };
}

function placesOfBlobs({ repositories, blobs }: Inventory): ReadonlyMap<Digest, string[]> {
  const places = new Map<Digest, string[]>();
  for (const { name, blobs: numbers } of repositories) {
    for (const number of numbers) {
      const digest = blobs[number]?.digest;
      if (digest === undefined) continue;
      const known = places.get(digest) ?? [];
      if (known.length < MAX_PLACES) known.push(name);
      places.set(digest, known);
    }
  }
  return places;
}

interface Names {
  readonly byName: ReadonlyMap<string, InventoryRepository>;
  readonly mapping: Mapping;
}

/** All of a bundle goes below one prefix, which an inventory does not say: the one that has most counts. */
function mostThere(artifacts: readonly BundleArtifact[], names: Names): Standing {
  let most: Standing = new Map();
  for (const prefix of prefixes(artifacts, names)) {
    const standing = standingOf(artifacts, (artifact) => digestBelow(prefix, artifact, names));
    if (most.size === 0 || countThere(standing) > countThere(most)) most = standing;
  }
  return most;
}

function countThere(standing: Standing): number {
  return [...standing.values()].filter(Boolean).length;
}

/** Whatever stands before the name of the first artifact in some repository. */
function prefixes(artifacts: readonly BundleArtifact[], { byName, mapping }: Names): string[] {
  const [first] = artifacts;
  if (first === undefined) return [];
  const { repository } = nameAt(first, { target: ANYWHERE, mapping });
  return [...byName.keys()].flatMap((name) =>
    name === repository || name.endsWith(`/${repository}`)
      ? [name.slice(0, name.length - repository.length)]
      : [],
  );
}

const ANYWHERE = { registry: "", prefix: "" };

/** What has no tag is not listed by a registry, so nobody knows. */
function digestBelow(
  prefix: string,
  artifact: BundleArtifact,
  { byName, mapping }: Names,
): Digest | undefined {
  const { repository, tag } = nameAt(artifact, { target: ANYWHERE, mapping });
  return tag === undefined ? undefined : byName.get(prefix + repository)?.tags[tag];
}
