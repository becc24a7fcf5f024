import { digestOf, type Digest } from "../oci/digest.ts";
import type { Chart } from "./chart.ts";

/**
 * Digest of what is in a chart: its files and those of its subcharts, however and whenever these were
 * packed.
 */
export function contentDigest(chart: Chart): Digest {
  return digestOf(Buffer.from(linesOf(chart).toSorted().join("\n")));
}

function linesOf({ path, files, subcharts }: Chart): string[] {
  const own = [...files].map(([name, bytes]) => JSON.stringify([path, name, digestOf(bytes)]));
  return [...own, ...subcharts.flatMap(linesOf)];
}
