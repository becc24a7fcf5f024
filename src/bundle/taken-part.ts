import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { lstat, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isOwn } from "../content/output-place.ts";
import { mayRun, ownNumber } from "../content/owner.ts";
import { systemCode } from "../errors.ts";

/** Eight digits for the process that has taken it, and four so that it can take another one. */
const TAKEN = /^([a-f0-9]{8})[a-f0-9]{4}(\.copy)?$/;

/** Nobody looks at a file for so long, and copies it for longer only while the copy grows. */
const SURELY_LEFT_MS = 10 * 60 * 1000;

/** What an unfinished bundle is called while a run of this process finds out whether it may have it. */
export async function takenName(partial: string): Promise<string> {
  const pid = (await ownNumber()).toString(16).padStart(8, "0");
  return `${partial}.${pid}${randomBytes(2).toString("hex")}`;
}

/**
 * Gives an unfinished bundle its name back that a run had taken which was killed at that moment. Where
 * another one has the name by now, what is left is removed, and so is a copy that was not finished.
 */
export async function giveBack(partial: string): Promise<void> {
  const folder = dirname(partial);
  const prefix = `${basename(partial)}.`;
  for (const name of await namesIn(folder)) {
    const [, pid = "", copy] = TAKEN.exec(name.slice(prefix.length)) ?? [];
    if (!name.startsWith(prefix) || pid === "") continue;
    const left = join(folder, name);
    if (!(await isLeft(left, Number.parseInt(pid, 16)))) continue;
    if (copy !== undefined || (await look(partial)) !== undefined) await rm(left, { force: true });
    else await rename(left, partial);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    // Whoever writes there will hear why.
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}

/** Whoever has that number now began before the file was taken, or has nothing to do with it. */
async function isLeft(path: string, pid: number): Promise<boolean> {
  const found = await look(path);
  if (found === undefined || !(await isOwn(found))) return false;
  return !(await mayRun(pid)) || Date.now() - found.ctimeMs > SURELY_LEFT_MS;
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
