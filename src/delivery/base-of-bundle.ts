import { standingOf, type Base, type Held } from "../bundle/base.ts";
import { MAX_PLACES, type DeltaBase } from "../bundle/delta-document.ts";
import type { UsableBundle } from "../bundle/opened.ts";
import { parseSums } from "../bundle/sums.ts";
import type { Digest } from "../oci/digest.ts";

/** What is there once a bundle was pushed, as its list says; of a delta what it leaves out, too. */
export function baseOfBundle(bundle: UsableBundle): Base {
  const { contents, graph, delta, list, bundleDigest } = bundle;
  const { name, version, artifacts } = contents;
  const about: DeltaBase = { kind: "bundle", name, version, digest: bundleDigest };
  const held = new Map<Digest, { size: number; by: DeltaBase; references: string[] }>();
  const elsewhere = new Map(
    delta?.leftOut.map(({ descriptor, base }) => [descriptor.digest, base]),
  );
  for (const root of graph.roots) {
    for (const { digest, size } of root.blobs.values()) {
      const known = held.get(digest) ?? {
        size,
        by: elsewhere.get(digest) ?? about,
        references: [],
      };
      held.set(digest, known);
      if (root.name !== undefined && known.references.length < MAX_PLACES) {
        known.references.push(root.name);
      }
    }
  }
  const digests = new Map(artifacts.map(({ reference, digest }) => [reference, digest]));
  const sums = parseSums(list);
  return {
    about,
    find({ digest, size }): Held | undefined {
      const found = held.get(digest);
      if (found?.size !== size) return undefined;
      return { by: found.by, repositories: [], references: found.references };
    },
    standing: (wanted) => standingOf(wanted, ({ reference }) => digests.get(reference)),
    hasFile: (path, sha256) => sums.get(path) === sha256,
  };
}
