import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { platform } from "node:os";

/** Has the names in a folder written to its medium, as `sync` of a file does its bytes. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folder, and writes names at once.
  if (platform() === "win32") return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
