import type { Finding } from "../finding.ts";
import { mendNames } from "./changed-names.ts";
import { SUMS_FILE, UNLISTED } from "./format.ts";
import { mendLineEnds } from "./line-ends.ts";
import { rebuildLost } from "./lost-files.ts";
import type { Mending } from "./mending.ts";
import type { Sums } from "./sums.ts";
import type { BundleView } from "./view.ts";

/**
 * Puts right in memory what was lost or changed on the way, where the list of sums proves that the
 * result is what was packed. What it cannot prove it leaves alone; `leaveOut` takes out what the
 * list does not name.
 */
export async function mend(
  view: BundleView,
  sums: Sums,
  { leaveOut }: { leaveOut: boolean },
): Promise<{ view: BundleView; findings: readonly Finding[] }> {
  const mending: Mending = { view, sums, entries: new Map(view.entries) };
  const findings = [
    ...(await mendNames(mending)),
    ...(await mendLineEnds(mending)),
    ...(await rebuildLost(mending)),
    ...(leaveOut ? leaveOutUnlisted(mending) : []),
  ];
  return { view: view.with(mending.entries, sums), findings };
}

/** What stays is the bundle and nothing else. */
function leaveOutUnlisted({ sums, entries }: Mending): Finding[] {
  const extra = [...entries.keys()].filter((path) => !sums.has(path) && !UNLISTED.has(path));
  for (const path of extra) entries.delete(path);
  const [first] = extra;
  if (first === undefined) return [];
  const files = extra.length === 1 ? "1 file" : `${extra.length} files`;
  const message = `Left out ${files} that ${SUMS_FILE} does not name, such as ${JSON.stringify(first)}`;
  return [{ code: "EXTRA_LEFT_OUT", severity: "info", entry: first, message }];
}
