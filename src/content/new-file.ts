import { lstat, writeFile } from "node:fs/promises";
import { systemCode, unwritable, type DrayError } from "../errors.ts";

/** A file that is made once and never written over, as keys and signatures are. */
export interface NewFile {
  readonly content: string | Buffer;
  /** Names it in messages: `key`. */
  readonly what: string;
  /** @default what the process gives */
  readonly mode?: number | undefined;
  /** What is thrown where something is in its place already. */
  readonly exists: (path: string, cause: unknown) => DrayError;
}

/** Writes a file, or throws: what is there stays as it is, also what came there a moment ago. */
export async function writeNew(
  path: string,
  { content, what, mode, exists }: NewFile,
): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx", mode });
  } catch (cause) {
    if (systemCode(cause) === "EEXIST") throw exists(path, cause);
    throw unwritable(cause, what, path) ?? cause;
  }
}

/**
 * True if something is at `path`, before anybody is asked for what is to be written there. A link that
 * leads nowhere is there too. @throws DrayError, that `what` cannot be written, where nobody can look
 */
export async function isThere(path: string, what: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw unwritable(cause, what, path) ?? cause;
  }
}
