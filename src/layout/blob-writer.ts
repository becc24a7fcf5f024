import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { randomBytes, type Hash } from "node:crypto";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Content, ContentOptions } from "../content/content.ts";
import { verified } from "../content/verify.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, encodedOf, hasherFor, type Digest } from "../oci/digest.ts";

/** Where blobs grow before they are known to be right. */
export const INGEST_DIRECTORY = "ingest";

/** A shorter part is quicker fetched again than found and hashed. */
const MIN_PART_BYTES = 64 * 1024;

/** How often a part may turn out bad, or be taken over by another process, before giving up. */
const MAX_TRIES = 3;

interface Part {
  readonly path: string;
  readonly size: number;
  readonly hash: Hash;
}

/**
 * Writes one blob so that a crash never leaves wrong bytes under its name: temporary file, verified
 * while written, flushed, renamed. A part that an earlier run left is verified and gone on with.
 */
export async function writeBlob(
  layout: string,
  path: string,
  { expected, content, signal }: { expected: Descriptor; content: Content } & ContentOptions,
): Promise<void> {
  const directory = join(layout, INGEST_DIRECTORY);
  await mkdir(directory, { recursive: true });
  await mkdir(dirname(path), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const part = await takePart(directory, expected);
    try {
      await fill(part, { expected, content, signal });
      await rename(part.path, path);
      return;
    } catch (error) {
      const again = await cleanUp(part, error);
      if (!again || attempt === MAX_TRIES) throw error;
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
  const file = createWriteStream(part.path, {
    flags: part.size === 0 ? "w" : "r+",
    start: part.size,
    highWaterMark: 1024 * 1024,
    // Renaming an unflushed file can leave zeros under the right name after a power cut.
    flush: true,
  });
  await pipeline(bytes, file, { signal });
}

/** Says whether it is worth starting over; removes what nobody can use. */
async function cleanUp(part: Part, error: unknown): Promise<boolean> {
  const wrong = error instanceof DrayError && error.code === "DRAY_CONTENT_MISMATCH";
  const size = await sizeOf(part.path);
  if (wrong || size < MIN_PART_BYTES || systemCode(error) === "ENOSPC") {
    await rm(part.path, { force: true });
  }
  // A part left by an earlier run may be bad; one that vanished was taken by another process.
  return (wrong && part.size > 0) || systemCode(error) === "ENOENT";
}

/**
 * The longest way already gone: takes over a part of an earlier run by renaming it, or starts
 * empty. Parts are named by digest, so whoever else still writes to one writes the same bytes.
 */
async function takePart(directory: string, expected: Descriptor): Promise<Part> {
  const path = join(directory, `${partPrefix(expected.digest)}${randomBytes(6).toString("hex")}`);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(partPrefix(expected.digest))) continue;
    if (!(await renamed(join(directory, name), path))) continue;
    const size = await sizeOf(path);
    if (size > expected.size) break;
    return { path, size, hash: await hashFile(path, expected.digest) };
  }
  return { path, size: 0, hash: hasherFor(expected.digest) };
}

function partPrefix(digest: Digest): string {
  return `${algorithmOf(digest)}-${encodedOf(digest)}.`;
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function hashFile(path: string, digest: Digest): Promise<Hash> {
  const hash = hasherFor(digest);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
  }
  return hash;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return 0;
    throw error;
  }
}
