import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Content, ContentOptions } from "../content/content.ts";
import { makeDirectory } from "../content/make-directory.ts";
import { isMismatch, verified } from "../content/verify.ts";
import { diskFull, isDiskFull, systemCode } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { emptyPart, sizeOf, takePart, type Part } from "./part.ts";
import { writeContent } from "./write-file.ts";

/** Where blobs grow before they are known to be right. */
export const INGEST_DIRECTORY = "ingest";

/** A shorter part is quicker fetched again than found and hashed. */
const MIN_PART_BYTES = 64 * 1024;

/** How often a part may be taken over by another process before giving up. */
const MAX_TRIES = 3;

/** A transfer may be damaged on its way. What comes wrong from its first byte twice is the source's. */
const MAX_WRONG_TRANSFERS = 2;

/**
 * Writes one blob so that a crash never leaves wrong bytes under its name: temporary file, verified
 * while written, renamed. A part that an earlier run left is verified and gone on with. What comes
 * wrong is fetched once more from its first byte.
 *
 * @throws DrayError `DRAY_CONTENT_MISMATCH`, `DRAY_DISK_FULL`
 */
export async function writeBlob(
  layout: string,
  path: string,
  { expected, content, signal }: { expected: Descriptor; content: Content } & ContentOptions,
): Promise<void> {
  const directory = join(layout, INGEST_DIRECTORY);
  let wrongTransfers = 0;
  let take: typeof takePart = takePart;
  for (let attempt = 1; ; attempt++) {
    await makeDirectory(directory);
    await makeDirectory(dirname(path));
    const part = await take(directory, expected);
    const failure = await tryWrite(part, path, { expected, content, signal });
    if (failure === undefined) return;
    const { error, reason } = failure;
    if (reason === "wrong" && part.size === 0) wrongTransfers++;
    if (reason === "other" || wrongTransfers === MAX_WRONG_TRANSFERS || attempt === MAX_TRIES) {
      const action = `store ${expected.digest} in ${JSON.stringify(layout)}`;
      const hint = "Make room, or choose a larger place; what is whole there stays.";
      throw diskFull(error, action, hint) ?? error;
    }
    take = reason === "wrong" ? emptyPart : takePart;
  }
}

/** `wrong`: other bytes came, or were there; `taken`: another process has taken the part over. */
interface Failure {
  readonly error: unknown;
  readonly reason: "wrong" | "taken" | "other";
}

/** Undefined if the blob is there, whoever wrote it. */
async function tryWrite(
  part: Part,
  path: string,
  { expected, content, signal }: { expected: Descriptor; content: Content } & ContentOptions,
): Promise<Failure | undefined> {
  try {
    await fill(part, { expected, content, signal });
    await rename(part.path, path);
    return undefined;
  } catch (error) {
    await cleanUp(part, error);
    signal?.throwIfAborted();
    if (isMismatch(error)) return { error, reason: "wrong" };
    if (systemCode(error) !== "ENOENT") return { error, reason: "other" };
    return (await sizeOf(path)) === expected.size ? undefined : { error, reason: "taken" };
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

/** Removes what nobody can use. */
async function cleanUp(part: Part, error: unknown): Promise<void> {
  const size = await sizeOf(part.path);
  if (isMismatch(error) || size < MIN_PART_BYTES || isDiskFull(error)) {
    await rm(part.path, { force: true });
  }
}
