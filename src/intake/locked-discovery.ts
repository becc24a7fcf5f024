import type { Chart } from "../chart/chart.ts";
import type { Discovery } from "../discover/discovery.ts";
import type { Digest } from "../oci/digest.ts";
import { formatReference } from "../oci/reference.ts";
import { lockedSearch, outdated, type Lock } from "./recipe/lock.ts";
import type { LockedSearch } from "./recipe/locked-search.ts";

/** Which chart was searched for images, and with what. */
export interface SearchIdentity {
  /** The file that a bundle has it in. */
  readonly path: string;
  /** Of what is in the chart. */
  readonly content: Digest;
  /** Of the values and whatever else the search is told. */
  readonly question: Digest;
}

/**
 * What an earlier run found in a chart, instead of looking again.
 * @throws DrayError `DRAY_LOCK_MISSING`, `DRAY_LOCK_OUTDATED`
 */
export function lockedDiscovery(
  lock: Lock,
  { metadata }: Chart,
  { path, content, question }: SearchIdentity,
): Discovery {
  const search = lockedSearch(lock, path);
  if (search.chart !== content) throw outdated(`${path} is not the chart that was locked`);
  if (search.question !== question) {
    throw outdated(`${path} was locked with other values, or for another cluster`);
  }
  const { name, version } = metadata;
  return {
    chart: { name, version, appVersion: metadata.appVersion ?? "" },
    images: search.images.map((one) => ({
      ...one,
      image: formatReference(one.reference),
      optionalBy: [],
      evidence: [{ source: "lock", class: one.class, where: "as locked" }],
    })),
    unknowns: search.unknowns,
    complete: !search.unknowns.some(({ needed }) => needed),
  };
}

/** What the next run is told of this one. */
export function lockEntry({
  discovery: { unknowns, images },
  of: { path, content, question },
}: {
  readonly discovery: Discovery;
  readonly of: SearchIdentity;
}): readonly [string, LockedSearch] {
  return [path, { chart: content, question, unknowns, images }];
}
