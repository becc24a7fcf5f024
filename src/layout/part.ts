import { randomBytes, type Hash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { systemCode } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, encodedOf, hasherFor, type Digest } from "../oci/digest.ts";

/** The start of a blob, in a file that nobody else writes to. */
export interface Part {
  readonly path: string;
  readonly size: number;
  /** State after these bytes. */
  readonly hash: Hash;
}

/** Who has written in the last seconds may be alive: then the part grows while one looks. */
const MAYBE_ALIVE_MS = 2000;
const LOOK_MS = 200;

/** No connection stays silent for so long. */
const SURELY_DEAD_MS = 10 * 60 * 1000;

/**
 * The way that an earlier run has already gone, or an empty part. What another run is still at is
 * left to it: both fetch the blob then, and the first to finish serves both.
 */
export async function takePart(directory: string, expected: Descriptor): Promise<Part> {
  const prefix = partPrefix(expected.digest);
  const path = newPart(directory, expected.digest);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(prefix) || !(await claim(join(directory, name), path))) continue;
    const size = await sizeOf(path);
    if (size > expected.size) break;
    return { path, size, hash: await hashFile(path, { digest: expected.digest, size }) };
  }
  // One that is too long is written over.
  return { path, size: 0, hash: hasherFor(expected.digest) };
}

/** A part with nothing in it, whatever others have left. */
export async function emptyPart(directory: string, { digest }: Descriptor): Promise<Part> {
  return { path: newPart(directory, digest), size: 0, hash: hasherFor(digest) };
}

function newPart(directory: string, digest: Digest): string {
  return join(directory, `${partPrefix(digest)}${randomBytes(6).toString("hex")}`);
}

export async function sizeOf(path: string): Promise<number> {
  return (await look(path))?.size ?? 0;
}

function partPrefix(digest: Digest): string {
  return `${algorithmOf(digest)}-${encodedOf(digest)}.`;
}

/** Makes another run's part this one's own. False: it is gone, or somebody is at it. */
async function claim(from: string, to: string): Promise<boolean> {
  const found = await look(from);
  if (found === undefined) return false;
  const silence = Date.now() - found.mtimeMs;
  if (silence < MAYBE_ALIVE_MS) {
    await wait(LOOK_MS);
    const later = await look(from);
    if (later?.size !== found.size || later.mtimeMs !== found.mtimeMs) return false;
  }
  if (silence > SURELY_DEAD_MS) return isRenamed(from, to);
  const claimed = `${to}.claimed`;
  if (!(await isRenamed(from, claimed))) return false;
  // A run that only slept may go on writing to its file, right bytes or wrong ones.
  await copyFile(claimed, to, constants.COPYFILE_FICLONE);
  await rm(claimed, { force: true });
  return true;
}

async function isRenamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** What is there, if it is a file of its own: a link could lead what is written anywhere. */
async function look(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() && found.nlink === 1 ? found : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function hashFile(
  path: string,
  { digest, size }: { digest: Digest; size: number },
): Promise<Hash> {
  const hash = hasherFor(digest);
  if (size === 0) return hash;
  const file = createReadStream(path, { end: size - 1, highWaterMark: 1024 * 1024 });
  for await (const chunk of file) hash.update(chunk as Buffer);
  return hash;
}
