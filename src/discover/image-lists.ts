import { formatReference, type Reference } from "../oci/reference.ts";
import { isNeeded, compareImages, type DiscoveredImage, type Discovery } from "./discovery.ts";

/** How a list of images differs from what charts were found to pull. */
export interface ListDifference {
  /** Needed or a hook's, and not in the list. */
  readonly missing: readonly DiscoveredImage[];
  /** Optional or suspect, and not in the list. */
  readonly left: readonly DiscoveredImage[];
  /** In the list, and not found in the charts. */
  readonly extra: readonly string[];
}

/** Compares in both directions. */
export function compareWithList(
  images: readonly DiscoveredImage[],
  listed: readonly Reference[],
): ListDifference {
  const absent = images.filter(({ reference }) => !listed.some((one) => covers(one, reference)));
  return {
    missing: absent.filter(isNeeded),
    left: absent.filter((one) => !isNeeded(one)),
    extra: listed
      .filter((one) => !images.some(({ reference }) => covers(one, reference)))
      .map(formatReference),
  };
}

/** The same repository, and the same digest where both name one, otherwise the same tag. */
function covers(listed: Reference, wanted: Reference): boolean {
  if (listed.registry !== wanted.registry || listed.repository !== wanted.repository) return false;
  if (listed.digest !== undefined && wanted.digest !== undefined) {
    return listed.digest === wanted.digest;
  }
  return listed.tag !== undefined && listed.tag === wanted.tag;
}

/**
 * The images of several charts, each once and in the strongest of its classes. Every evidence says
 * of which chart it is.
 */
export function joinImages(discoveries: readonly Discovery[]): DiscoveredImage[] {
  const groups = new Map<string, DiscoveredImage[]>();
  for (const { chart, images } of discoveries) {
    const from = `${chart.name} ${chart.version}`;
    for (const one of images) {
      const evidence = one.evidence.map((item) => ({ ...item, chart: from }));
      groups.set(one.image, [...(groups.get(one.image) ?? []), { ...one, evidence }]);
    }
  }
  return [...groups.values()].flatMap(joinGroup).toSorted(compareImages);
}

function joinGroup(group: readonly DiscoveredImage[]): DiscoveredImage[] {
  const [strongest, ...others] = group.toSorted(compareImages);
  if (strongest === undefined) return [];
  const equals = others.filter((one) => one.class === strongest.class);
  return [
    {
      ...strongest,
      optionalBy: [strongest, ...equals].flatMap(({ optionalBy }) => optionalBy),
      evidence: [strongest, ...others].flatMap(({ evidence }) => evidence),
    },
  ];
}
