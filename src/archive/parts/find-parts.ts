import { foldersOf, gatherParts } from "./gather-parts.ts";
import { namedParts } from "./named-parts.ts";
import { ordered } from "./part-order.ts";
import type { PartSet } from "./part-set.ts";

/**
 * What is meant by a path: the one file or folder that it names, or the parts of one that was cut. `more`
 * are further folders in which parts may lie.
 *
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_PART_MISSING`, `DRAY_PART_MISPLACED`, `DRAY_PARTS_MIXED`
 */
export async function findParts(path: string, more: readonly string[]): Promise<PartSet | string> {
  // What was named has to be there, whether or not it is needed.
  const folders = await foldersOf(more);
  const named = await namedParts(path);
  if (named === undefined || typeof named === "string") return named ?? path;
  const set = await gatherParts(named, folders);
  return set === undefined ? path : ordered(set);
}
