import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { platform } from "node:os";
import { pipeline } from "node:stream/promises";
import type { ContentOptions } from "../content/content.ts";

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
