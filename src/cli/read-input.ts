import { readFile } from "node:fs/promises";

/** Reads a file that the user named; `what` says what it should be. */
export async function readInput(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { unreadable } = await import("../index.ts");
    throw unreadable(cause, what, path) ?? cause;
  }
}
