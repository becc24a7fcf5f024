import { randomBytes } from "node:crypto";
import { lstat, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode, unwritable } from "../errors.ts";

/** Nobody takes so long to write a small file. */
const SURELY_LEFT_MS = 60_000;

/** Writes a small file so that a reader sees the old one or the new one, never a part. */
export async function replaceFile(path: string, content: Uint8Array, mode = 0o666): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await removeLeft(path);
    await writeFile(temporary, content, { flag: "wx", flush: true, mode });
    await rename(temporary, path);
  } catch (error) {
    throw unwritable(error, "file", path) ?? error;
  } finally {
    // Where it could not be made, nothing is there to remove, and the first error is the one to tell.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Removes what a run that was killed in `replaceFile` has left beside `path`. */
async function removeLeft(path: string): Promise<void> {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(directory)) {
    const isOurs = name.startsWith(prefix) && /^[a-f0-9]{12}$/.test(name.slice(prefix.length));
    if (isOurs && (await isOld(join(directory, name)))) {
      await rm(join(directory, name), { force: true });
    }
  }
}

async function isOld(path: string): Promise<boolean> {
  try {
    return Date.now() - (await lstat(path)).mtimeMs > SURELY_LEFT_MS;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}
