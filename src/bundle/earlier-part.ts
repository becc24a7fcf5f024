import { constants, type Stats } from "node:fs";
import { appendFile, copyFile, lstat, open, rename, rm, type FileHandle } from "node:fs/promises";
import { platform } from "node:os";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stretches } from "../archive/members/framed-run.ts";
import { readExactly, type Readable } from "../archive/file-range.ts";
import type { Bytes } from "../content/content.ts";
import { isOwn } from "../content/output-place.ts";
import { lifeOf, ownerName, type Life } from "../content/owner.ts";
import { systemCode } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { formatOwner, readJournal, type Journal } from "./journal.ts";
import { giveBack, takenName } from "./taken-part.ts";

/** A link of this name could lead what is written anywhere. Windows has no such flag. */
export const NO_FOLLOW: number = platform() === "win32" ? 0 : constants.O_NOFOLLOW;

/** Where the journal of an unfinished bundle lies. */
export function journalOf(partial: string): string {
  return `${partial}.journal`;
}

/** What an unfinished bundle becomes whose places are others than those that are needed now. */
export function setAside(partial: string): string {
  return `${partial}.old`;
}

/** An unfinished bundle that an earlier run has left. */
export interface EarlierPart {
  readonly file: FileHandle;
  readonly journal: Journal;
}

/** How many runs of this process write to a file of this name now. */
const inUse = new Map<string, number>();

/** Before a run of this process looks for such a file; what is returned ends that. */
export function use(partial: string): () => void {
  const path = resolve(partial);
  const change = (by: number): void => void inUse.set(path, (inUse.get(path) ?? 0) + by);
  change(1);
  return () => change(-1);
}

/** Open for reading and writing; undefined where there is none, or where it is not this run's to take. */
export async function openEarlier(partial: string): Promise<EarlierPart | undefined> {
  await giveBack(partial);
  const found = await abandoned(partial);
  if (found === undefined) return undefined;
  const taken = await takenName(partial);
  try {
    // Of two runs that want the same file only one can take its name away.
    await rename(partial, taken);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    // Another one may have had it in between: then it has said so.
    const now = await readJournal(journalOf(partial));
    if (now?.owner !== found.owner) return undefined;
    if ((await lifeIn(found, taken)) === "unknown") await takeCopy(taken);
    await appendFile(journalOf(partial), await ownerLine());
  } finally {
    await rename(taken, partial);
  }
  const file = await openOwn(partial);
  return file && { file, journal: found };
}

/** The journal of a file that nobody writes to any more. */
async function abandoned(partial: string): Promise<Journal | undefined> {
  if ((inUse.get(resolve(partial)) ?? 0) > 1) return undefined;
  const journal = await ownJournal(partial);
  if (journal === undefined || (await lifeIn(journal, partial)) === "alive") return undefined;
  return journal;
}

/** The line of a journal that says that this process writes from here on. */
export async function ownerLine(): Promise<string> {
  // Of a system that gives no name nobody can say that this process is dead.
  return formatOwner((await ownerName()) ?? "unknown");
}

/** How many bytes of each blob lie in what earlier runs have left beside a bundle that is to be written. */
export async function leftBehind(output: string): Promise<ReadonlyMap<Digest, number>> {
  const present = new Map<Digest, number>();
  const partial = `${resolve(output)}.partial`;
  for (const path of [partial, setAside(partial)]) {
    const journal = await ownJournal(path);
    for (const [digest, blob] of journal?.blobs ?? []) {
      present.set(digest, Math.max(present.get(digest) ?? 0, blob.present));
    }
  }
  return present;
}

/** Bytes of a blob, from one on, as they lie in a file of members. */
export async function* readPlaced(
  file: Pick<Readable, "read">,
  { offset, length }: { offset: number; length: number },
): Bytes {
  for (const [place, count] of stretches(offset, length)) {
    yield await readExactly(file, place, Buffer.allocUnsafeSlow(count));
  }
}

/** Removes an unfinished bundle and its journal. */
export async function removePart(partial: string): Promise<void> {
  await rm(partial, { force: true });
  await rm(journalOf(partial), { force: true });
}

/** Gives an unfinished bundle and its journal another name. */
export async function renamePart(from: string, to: string): Promise<void> {
  await removePart(to);
  await rename(from, to);
  await rename(journalOf(from), journalOf(to));
}

/** The journal of what an earlier run has left under this name. */
export async function ownJournal(partial: string): Promise<Journal | undefined> {
  const [part, journal] = await Promise.all([look(partial), look(journalOf(partial))]);
  return part && journal && (await readJournal(journalOf(partial)));
}

/** What is there, if it is a file of this account and of one name: others could go on writing to theirs. */
async function look(path: string): Promise<Stats | undefined> {
  try {
    const found = await lstat(path);
    return (await isOwn(found)) ? found : undefined;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** A file of this account and of one name, open for reading and writing; undefined for any other. */
export async function openOwn(partial: string): Promise<FileHandle | undefined> {
  const file = await open(partial, constants.O_RDWR | NO_FOLLOW);
  if (await isOwn(await file.stat())) return file;
  await file.close();
  return undefined;
}

/** Nobody waits for a connection or a disk for so long. */
const SURELY_DEAD_MS = 10 * 60 * 1000;
const LOOK_MS = 200;

async function lifeIn({ owner }: Journal, partial: string): Promise<Life> {
  // This process has many lives, and knows which of them goes on.
  if (owner === undefined || owner === (await ownerName())) return "dead";
  const life = await lifeOf(owner);
  if (life !== "unknown") return life;
  const found = await look(partial);
  if (found === undefined || Date.now() - found.mtimeMs > SURELY_DEAD_MS) return "dead";
  await wait(LOOK_MS);
  return (await look(partial))?.mtimeMs === found.mtimeMs ? "unknown" : "alive";
}

/** A run that only slept may go on writing to its file, right bytes or wrong ones: it keeps that. */
async function takeCopy(partial: string): Promise<void> {
  const copy = `${partial}.copy`;
  await rm(copy, { force: true });
  await copyFile(partial, copy, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  await rename(copy, partial);
}
