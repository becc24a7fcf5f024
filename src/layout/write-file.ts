import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { ContentOptions } from "../content/content.ts";

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
  const file = createWriteStream(path, { flags, start, highWaterMark: 1024 * 1024 });
  const closed = new Promise<void>((resolve) => file.once("close", () => resolve()));
  try {
    await pipeline(content, file, { signal });
  } finally {
    // A pipeline whose source fails does not wait for the file, which may not even be open.
    await closed;
  }
}

/** Writes a small file so that a reader sees the old one or the new one, never a part. */
export async function replaceFile(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(temporary, content, { flag: "wx", flush: true });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
