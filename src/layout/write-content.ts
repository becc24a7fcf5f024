import { createWriteStream } from "node:fs";
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
