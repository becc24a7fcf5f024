import type { Reference } from "../../oci/reference.ts";
import type { DiscoveredImage, Discovery } from "./discovery.ts";

/** How a list of images differs from what a chart was found to pull. */
export interface ListDifference {
  /** Needed or a hook's, and not in the list. */
  readonly missing: readonly DiscoveredImage[];
  /** Optional or suspect, and not in the list. */
  readonly left: readonly DiscoveredImage[];
  /** In the list, and nowhere in the chart. */
  readonly extra: readonly Reference[];
}

/** Compares in both directions. */
export function compareWithList(
  { images }: Discovery,
  listed: readonly Reference[],
): ListDifference {
  const absent = images.filter(({ reference }) => !listed.some((one) => covers(one, reference)));
  return {
    missing: absent.filter(isNeeded),
    left: absent.filter((image) => !isNeeded(image)),
    extra: listed.filter((one) => !images.some(({ reference }) => covers(one, reference))),
  };
}

function isNeeded(image: DiscoveredImage): boolean {
  return image.class === "needed" || image.class === "hook";
}

/** The same repository, and the same digest where both name one, otherwise the same tag. */
function covers(listed: Reference, wanted: Reference): boolean {
  if (listed.registry !== wanted.registry || listed.repository !== wanted.repository) return false;
  if (listed.digest !== undefined && wanted.digest !== undefined) {
    return listed.digest === wanted.digest;
  }
  return listed.tag !== undefined && listed.tag === wanted.tag;
}
