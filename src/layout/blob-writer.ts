import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Content, ContentOptions } from "../content/content.ts";
import { verified } from "../content/verify.ts";
import { DrayError, diskFull, isDiskFull, systemCode } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { sizeOf, takePart, type Part } from "./part.ts";
import { writeContent } from "./write-file.ts";

/** Where blobs grow before they are known to be right. */
export const INGEST_DIRECTORY = "ingest";

/** A shorter part is quicker fetched again than found and hashed. */
const MIN_PART_BYTES = 64 * 1024;

/** How often a part may turn out bad, or be taken over by another process, before giving up. */
const MAX_TRIES = 3;

/**
 * Writes one blob so that a crash never leaves wrong bytes under its name: temporary file, verified
 * while written, renamed. A part that an earlier run left is verified and gone on with.
 *
 * @throws DrayError `DRAY_CONTENT_MISMATCH`, `DRAY_DISK_FULL`
 */
export async function writeBlob(
  layout: string,
  path: string,
  { expected, content, signal }: { expected: Descriptor; content: Content } & ContentOptions,
): Promise<void> {
  const directory = join(layout, INGEST_DIRECTORY);
  for (let attempt = 1; ; attempt++) {
    await mkdir(directory, { recursive: true });
    await mkdir(dirname(path), { recursive: true });
    const part = await takePart(directory, expected);
    try {
      await fill(part, { expected, content, signal });
      await rename(part.path, path);
      return;
    } catch (error) {
      const again = await cleanUp(part, error);
      signal?.throwIfAborted();
      // Another process has taken the part over and finished it.
      if (systemCode(error) === "ENOENT" && (await sizeOf(path)) === expected.size) return;
      if (!again || attempt === MAX_TRIES) {
        const action = `store ${expected.digest} in ${JSON.stringify(layout)}`;
        const hint = "Make room, or choose a larger place; what is whole there stays.";
        throw diskFull(error, action, hint) ?? error;
      }
    }
  }
}

async function fill(
  part: Part,
  { expected, content, signal }: { expected: Descriptor; content: Content } & ContentOptions,
): Promise<void> {
  // A part that is already whole needs its digest checked and nothing fetched.
  const rest = part.size > 0 && part.size === expected.size ? [] : content.open(part.size);
  const bytes = verified(rest, expected, { from: content.from, resumed: part });
  // Not flushed: what a power cut spoils has the wrong size, or fails where it is verified again,
  // which is on every read; and waiting for the disk would take longer than the network.
  const flags = part.size === 0 ? "w" : "r+";
  await writeContent(part.path, bytes, { flags, start: part.size, signal });
}

/** Says whether it is worth starting over; removes what nobody can use. */
async function cleanUp(part: Part, error: unknown): Promise<boolean> {
  const wrong = error instanceof DrayError && error.code === "DRAY_CONTENT_MISMATCH";
  const size = await sizeOf(part.path);
  if (wrong || size < MIN_PART_BYTES || isDiskFull(error)) {
    await rm(part.path, { force: true });
  }
  // A part left by an earlier run may be bad; one that vanished was taken by another process.
  return (wrong && part.size > 0) || systemCode(error) === "ENOENT";
}
