import { constants, type Stats } from "node:fs";
import { access, lstat, readlink, stat } from "node:fs/promises";
import { platform, userInfo } from "node:os";
import { dirname, join, parse, resolve, sep } from "node:path";
import { DrayError, systemCode, systemReason } from "../errors.ts";

/**
 * Says before anything else is done whether a file can be written at `path`: its directory is there
 * and writable, it is no directory itself, and no link on the way to it was put there by somebody
 * else. `what` names it in messages: `receipt`.
 *
 * @throws DrayError `DRAY_OUTPUT_REFUSED`
 */
export async function requirePlace(path: string, what: string): Promise<void> {
  await requireOwnWay(path, what);
  const full = resolve(path);
  const directory = dirname(full);
  const problem = await problemOf(directory);
  if (problem !== undefined) {
    throw refused(path, what, {
      reason: `its folder ${JSON.stringify(directory)} ${problem}`,
      hint: "Name a place in a folder that this account can write.",
    });
  }
  if ((await found(full))?.isDirectory() === true) {
    throw refused(path, what, { reason: "it is a directory", hint: "Name a file." });
  }
}

/**
 * Says whether a directory could be made at `path`, with those above it that are missing.
 * @throws DrayError `DRAY_OUTPUT_REFUSED`
 */
export async function requireFolder(path: string): Promise<void> {
  await requireOwnWay(path, "directory");
  let nearest = resolve(path);
  while ((await found(nearest)) === undefined && dirname(nearest) !== nearest) {
    nearest = dirname(nearest);
  }
  const problem = await problemOf(nearest);
  if (problem === undefined) return;
  throw refused(path, "directory", {
    reason: `${JSON.stringify(nearest)} ${problem}`,
    hint: "Name a place in a folder that this account can write.",
  });
}

/**
 * Refuses a place, whether or not it is there yet, to which a link leads that others can have made.
 * @throws DrayError `DRAY_OUTPUT_REFUSED`
 */
export async function requireOwnWay(path: string, what: string): Promise<void> {
  const link = await plantedLink(resolve(path));
  if (link === undefined) return;
  throw refused(path, what, {
    reason: `${JSON.stringify(link)} is a link in a folder that others can write`,
    hint: "Name a place in a folder of your own.",
  });
}

function refused(
  path: string,
  what: string,
  { reason, hint }: { reason: string; hint: string },
): DrayError {
  return new DrayError(
    "DRAY_OUTPUT_REFUSED",
    `Cannot write ${what} ${JSON.stringify(path)}: ${reason}`,
    { kind: "usage", hint },
  );
}

async function problemOf(directory: string): Promise<string | undefined> {
  try {
    if (!(await stat(directory)).isDirectory()) return "is no directory";
    await access(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code === "ENOENT" || code === "ENOTDIR") return "is not there";
    return `cannot be written: ${systemReason(error) ?? code}`;
  }
}

/** More links one after another lead in a circle: the limit of Linux. */
const MAX_LINKS = 40;

/**
 * The first link on the way to `path` that others can have made, and lead the writer where only the
 * writer may write: any in a folder that everybody can write, and in one that a group can write those of
 * other accounts. Who works with a group of one's own, under umask 002, has made them all.
 */
async function plantedLink(path: string): Promise<string | undefined> {
  // Windows has no such modes, and links there take a privilege.
  if (platform() === "win32") return undefined;
  let pending = partsOf(path);
  let current = parse(path).root;
  for (let links = 0; pending.length > 0 && links <= MAX_LINKS;) {
    const [part = "", ...rest] = pending;
    const next = join(current, part);
    pending = rest;
    const entry = await found(next);
    if (entry?.isSymbolicLink() !== true) {
      current = next;
      continue;
    }
    if (await isPlanted(entry, await stat(current))) return next;
    links += 1;
    const target = resolve(current, await readlink(next));
    pending = [...partsOf(target), ...pending];
    current = parse(target).root;
  }
  return undefined;
}

function partsOf(path: string): string[] {
  return path.slice(parse(path).root.length).split(sep).filter(Boolean);
}

/** The mode of a group stands for access lists as well: it is what they allow at most. */
async function isPlanted(link: Stats, folder: Stats): Promise<boolean> {
  if ((folder.mode & constants.S_IWOTH) !== 0) return true;
  if ((folder.mode & constants.S_IWGRP) === 0 || link.uid === 0) return false;
  return link.uid !== (await ownAccount());
}

/** The number of the account that this program runs as, which in containers often has no name. */
export async function ownAccount(): Promise<number> {
  try {
    return userInfo().uid;
  } catch {
    return (await stat("/proc/self")).uid;
  }
}

/** A file of this account and of one name: others could go on writing to theirs. */
export async function isOwn(file: Stats): Promise<boolean> {
  if (!file.isFile() || file.nlink !== 1) return false;
  // Windows numbers no accounts: of every file it says 0, of every user -1.
  return platform() === "win32" || file.uid === (await ownAccount());
}

/** What is there under this very name; undefined for nothing. */
async function found(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = systemCode(error);
    // Why it cannot be looked at is said of its folder.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return undefined;
    throw error;
  }
}
