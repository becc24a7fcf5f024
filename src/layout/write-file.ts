import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { platform } from "node:os";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ContentOptions } from "../content/content.ts";
import { systemCode } from "../errors.ts";

/**
 * What is written into is a file of this name and never what a link of this name leads to: whoever may
 * write into the directory could otherwise have it write elsewhere. Windows has no such flag.
 */
const NO_FOLLOW = platform() === "win32" ? 0 : constants.O_NOFOLLOW;

const FLAGS = {
  w: constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
  wx: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
  "r+": constants.O_RDWR,
} as const;

export interface FileOptions extends ContentOptions {
  /** As of `fs.open`: `w` and `wx` make the file, `r+` goes on in one that is there. */
  readonly flags: "w" | "wx" | "r+";
  /** Where the first byte goes. */
  readonly start?: number;
}

/**
 * Writes content into a file. However it ends, the file is closed by then: what cleans up behind a
 * failure meets neither a write that is under way nor a file that is only now being made. Not
 * flushed: who needs that says so.
 */
export async function writeContent(
  path: string,
  content: AsyncIterable<Uint8Array>,
  { flags, start, signal }: FileOptions,
): Promise<void> {
  const handle = await open(path, FLAGS[flags] | NO_FOLLOW);
  const file = handle.createWriteStream({ start, highWaterMark: 1024 * 1024 });
  const closed = new Promise<void>((resolve) => file.once("close", () => resolve()));
  try {
    await pipeline(content, file, { signal });
  } finally {
    // A pipeline whose source fails does not wait for the file, which may not even be open.
    await closed;
  }
}

/** Nobody takes so long to write a small file. */
const SURELY_LEFT_MS = 60_000;

/** Writes a small file so that a reader sees the old one or the new one, never a part. */
export async function replaceFile(path: string, content: Uint8Array): Promise<void> {
  await removeLeft(path);
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(temporary, content, { flag: "wx", flush: true });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
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
