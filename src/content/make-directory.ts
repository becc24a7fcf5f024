import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode, systemError } from "../errors.ts";

/**
 * Makes a directory and those above it that are missing. Node's own `recursive` tries for ever where a
 * file system says of each name that it is not there and lets nobody make it, as /proc does.
 *
 * @throws DrayError `DRAY_SYSTEM_REFUSED`, `DRAY_DISK_FULL`
 */
export async function makeDirectory(path: string): Promise<void> {
  const cause = await tryToMake(path);
  if (cause === undefined) return;
  const parent = dirname(path);
  const isOrphan = systemCode(cause) === "ENOENT" && parent !== path;
  if (!isOrphan) throw refused(cause, path);
  await makeDirectory(parent);
  const second = await tryToMake(path);
  if (second !== undefined) throw refused(second, path);
}

/** Why there is no directory now; undefined where there is one, whoever made it. */
async function tryToMake(path: string): Promise<unknown> {
  try {
    await mkdir(path);
    return undefined;
  } catch (cause) {
    return (await isDirectory(path)) ? undefined : cause;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function refused(cause: unknown, path: string): unknown {
  return systemError(cause, `make directory ${JSON.stringify(path)}`) ?? cause;
}
