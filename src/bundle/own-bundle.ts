import type { Archive } from "../archive/archive.ts";
import { scan, type Entry, type KeepQuestion } from "../archive/scan.ts";
import { MANIFEST_FILE, SUMS_FILE } from "./format.ts";

/** `bundle.json` stands near the end of its list; 100,000 lines are 14 MB. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** Lists that are looked into: one for each bundle that one carrier may hold. */
const MAX_LISTS = 4;

/**
 * False for what others have made. What dray has written it knows again, however it was packed since
 * and whatever was lost: by its `bundle.json`, or by a list of sums that names one, for others have
 * such lists too. What cannot be read is for the reader of bundles to explain.
 */
export async function isOwnBundle(archive: Archive): Promise<boolean> {
  let isOwn = false;
  let isFirst = true;
  let kept = 0;
  const keep = ({ path, size }: KeepQuestion): boolean =>
    path.endsWith(SUMS_FILE) && size <= MAX_LIST_BYTES && kept++ < MAX_LISTS;
  const until = async (entry: Entry): Promise<boolean> => {
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    // It stands first in every bundle in its own order: then nothing else has to be read.
    isOwn = name === MANIFEST_FILE || (name === SUMS_FILE && (isFirst || listsManifest(entry)));
    isFirst = false;
    return isOwn;
  };
  const { complete } = await scan(archive, { hash: false, keep, until });
  return isOwn || !complete;
}

function listsManifest({ bytes }: Entry): boolean {
  return bytes?.includes(` ${MANIFEST_FILE}\n`) === true;
}
