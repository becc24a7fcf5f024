import type { Entry } from "../archive/scan.ts";
import type { Finding } from "../finding.ts";
import { mendNames } from "./changed-names.ts";
import { mendLineEnds } from "./line-ends.ts";
import { rebuildLost } from "./lost-files.ts";
import type { Sums } from "./sums.ts";
import type { BundleView } from "./view.ts";

/**
 * Puts right in memory what was lost or changed on the way, where the list of sums proves that the
 * result is what was packed. What it cannot prove it leaves alone.
 */
export async function mend(
  view: BundleView,
  sums: Sums,
): Promise<{ entries: ReadonlyMap<string, Entry>; findings: readonly Finding[] }> {
  const mending = { view, sums, entries: new Map(view.entries) };
  const findings = [
    ...(await mendNames(mending)),
    ...(await mendLineEnds(mending)),
    ...(await rebuildLost(mending)),
  ];
  return { entries: mending.entries, findings };
}
