import { foldedPath } from "../archive/entry-path.ts";
import type { Entry } from "../archive/scan.ts";
import type { Finding } from "../finding.ts";
import { UNLISTED } from "./format.ts";
import type { Sums } from "./sums.ts";
import { REPAIR_HINT, sumOf, type Mending } from "./mending.ts";
import { isShortened } from "./short-names.ts";

/** File systems that cut names keep at least so much of them. */
const SHORTEST_CUT = 8;

/** Of more files with the same content the names are not looked at: that would take for ever. */
const MAX_ALIKE = 100;

/**
 * Gives files back the names that they had, where the content is the one that the list has under a
 * name that some carrier would have made this one of.
 */
export async function mendNames({ view, sums, entries }: Mending): Promise<Finding[]> {
  const lost = lostBySum(sums, entries);
  const renamed: { found: string; wanted: string }[] = [];
  for (const [found, entry] of lost.size === 0 ? [] : view.entries) {
    if (sums.has(found) || UNLISTED.has(found)) continue;
    const sum = entry.sha256 ?? (view.canOpen(entry) ? await sumOf(view.open(entry)) : "");
    const isIt = (path: string): boolean => !entries.has(path) && mayHaveBecome(path, found);
    const wanted = lost.get(sum)?.find(isIt);
    if (wanted === undefined) continue;
    entries.delete(found);
    entries.set(wanted, { ...entry, sha256: sum });
    renamed.push({ found, wanted });
  }
  const [first] = renamed;
  return first === undefined ? [] : [nameChanged(first, renamed.length)];
}

/** The listed paths that are not there, by what they should hold. */
function lostBySum(sums: Sums, entries: ReadonlyMap<string, Entry>): Map<string, string[]> {
  const lost = new Map<string, string[]>();
  for (const [path, sum] of sums) {
    if (entries.has(path)) continue;
    const alike = lost.get(sum) ?? [];
    if (alike.length < MAX_ALIKE) alike.push(path);
    lost.set(sum, alike);
  }
  return lost;
}

/** Another case, cut to a length, short, or without its first folders; never another name. */
function mayHaveBecome(wanted: string, found: string): boolean {
  const [is, was] = [foldedPath(found), foldedPath(wanted)];
  if (was === is || was.endsWith(`/${is}`) || isShortened(wanted, found)) return true;
  const [isParts, wasParts] = [is.split("/"), was.split("/")];
  return (
    isParts.length === wasParts.length &&
    isParts.every((part, index) => isCut(wasParts[index] ?? "", part))
  );
}

function isCut(was: string, is: string): boolean {
  return was === is || (is.length >= SHORTEST_CUT && was.startsWith(is));
}

function nameChanged({ found, wanted }: { found: string; wanted: string }, count: number): Finding {
  const files = count === 1 ? "1 file has lost its name" : `${count} files have lost their names`;
  return {
    code: "NAME_CHANGED",
    severity: "info",
    entry: found,
    message: `${files} on the way, such as ${JSON.stringify(found)}: the content is the listed one and is taken`,
    wanted,
    found,
    hint: REPAIR_HINT,
  };
}
