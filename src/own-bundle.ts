import type { Archive } from "./archive/archive.ts";
import { scan, type Entry, type KeepQuestion } from "./archive/scan.ts";
import { MANIFEST_FILE, MAX_SUMS_BYTES, SUMS_FILE } from "./bundle/format.ts";

/**
 * False for what others have made. What dray has written it knows again, however it was packed since
 * and whatever was lost: by its `bundle.json`, or by a list of sums that names one, for others have
 * such lists too. What cannot be read is for the reader of bundles to explain.
 */
export async function isOwnBundle(archive: Archive): Promise<boolean> {
  let isOwn = false;
  let isFirst = true;
  const until = async (entry: Entry): Promise<boolean> => {
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    // It stands first in every bundle in its own order: then nothing else has to be read.
    isOwn = name === MANIFEST_FILE || (name === SUMS_FILE && (isFirst || listsManifest(entry)));
    isFirst = false;
    return isOwn;
  };
  const { complete } = await scan(archive, { hash: false, keep: isList, until });
  return isOwn || !complete;
}

function listsManifest({ bytes }: Entry): boolean {
  return bytes?.includes(` ${MANIFEST_FILE}\n`) === true;
}

function isList({ path, size }: KeepQuestion): boolean {
  return path.endsWith(SUMS_FILE) && size <= MAX_SUMS_BYTES;
}
