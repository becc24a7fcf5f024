import { realpath } from "node:fs/promises";
import { sep } from "node:path";
import { systemCode, unreadable } from "../errors.ts";

/** What the system says of a link to what is not there, through a file, or to itself. */
const NOWHERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/**
 * Where a link leads, without links on the way; undefined where that is nowhere.
 * @throws DrayError `DRAY_FILE_NOT_FOUND` for what this account may not follow
 */
export async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (cause) {
    if (NOWHERE.has(systemCode(cause) ?? "")) return undefined;
    throw unreadable(cause, "link", path) ?? cause;
  }
}

/** True if `path` is `root` or below it. Both without links. */
export function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
