import type { Archive } from "../archive/archive.ts";
import { scan, type Entry, type KeepQuestion, type Scan } from "../archive/scan.ts";
import type { Finding } from "../finding.ts";
import { CONTENTS_FILE, SUMS_FILE, UNLISTED } from "./format.ts";
import { noList } from "./no-list.ts";
import { isShortened } from "./short-names.ts";

/** Folders that carriers put around a bundle, one in another: a zip of a folder of a folder. */
const MAX_ADDED_FOLDERS = 4;

/** The folders before `SHA256SUMS`, whatever a file system has made of its name; undefined for other files. */
export function folderOfList(path: string): string | undefined {
  const name = nameOf(path);
  const folder = path.slice(0, path.length - name.length);
  const isNear = folder.split("/").length - 1 <= MAX_ADDED_FOLDERS;
  return isNear && isCalled(SUMS_FILE, name) ? folder : undefined;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Has the name, in whatever case, or a short form of it. */
function isCalled(wanted: string, found: string): boolean {
  return wanted.toLowerCase() === found.toLowerCase() || isShortened(wanted, found);
}

/** The files of a bundle by their path in it, and what the carrier has added. */
export interface Located {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly findings: readonly Finding[];
}

/** Finds the bundle inside its carrier: at the top, or in folders that were added on the way. */
export function locate(scanned: Scan, archive: Archive): Located {
  const { entries, complete } = scanned;
  const junk = junkFinding(scanned);
  const folders = foldersWithList([...entries.keys()]);
  const [folder] = folders;
  const isAlone = folder !== undefined && everyBelow(entries, folder);
  if (!isAlone) {
    const directory = archive.kind === "directory" ? archive.path : undefined;
    const lacking = complete ? [noList(entries, { folders, directory })] : [];
    return { entries, findings: [...junk, ...lacking] };
  }
  const below = [...entries].map(([path, entry]) => [placeOf(path, folder), entry] as const);
  return { entries: new Map(below), findings: [...folderFinding(folder), ...junk] };
}

/** The folders that hold a list, without those inside another one's bundle. */
function foldersWithList(paths: readonly string[]): string[] {
  const all = paths.flatMap((path) => folderOfList(path) ?? []);
  return all.filter((one) => !all.some((other) => other !== one && one.startsWith(other)));
}

function everyBelow(entries: ReadonlyMap<string, Entry>, folder: string): boolean {
  return [...entries.keys()].every((path) => path.startsWith(folder));
}

/** The path in the bundle; the list and its signatures get their names back. */
function placeOf(path: string, folder: string): string {
  const place = path.slice(folder.length);
  return [...UNLISTED].find((name) => isCalled(name, place)) ?? place;
}

function folderFinding(folder: string): Finding[] {
  if (folder === "") return [];
  const message = `The bundle lies in a folder ${JSON.stringify(folder)} that was added on the way`;
  return [{ code: "FOLDER_ADDED", severity: "info", entry: folder, message }];
}

/** What carriers have added on the way and was left out. */
export function junkFinding({ stripped }: Pick<Scan, "stripped">): Finding[] {
  if (stripped.length === 0) return [];
  const files = stripped.length === 1 ? "1 file" : `${stripped.length} files`;
  const message = `Left out ${files} that a carrier added, such as ${JSON.stringify(stripped[0])}`;
  return [{ code: "JUNK_STRIPPED", severity: "info", message }];
}

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
    isCalled(SUMS_FILE, nameOf(path)) && size <= MAX_LIST_BYTES && kept++ < MAX_LISTS;
  const until = async (entry: Entry): Promise<boolean> => {
    const name = nameOf(entry.path);
    const isList = isCalled(SUMS_FILE, name);
    // It stands first in every bundle in its own order: then nothing else has to be read.
    isOwn = isCalled(CONTENTS_FILE, name) || (isList && (isFirst || listsContents(entry)));
    isFirst = false;
    return isOwn;
  };
  const { complete } = await scan(archive, { hash: false, keep, until });
  return isOwn || !complete;
}

function listsContents({ bytes }: Entry): boolean {
  return bytes?.includes(` ${CONTENTS_FILE}\n`) === true;
}
