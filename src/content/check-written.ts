import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { DrayError, systemCode } from "../errors.ts";
import type { Run } from "../events.ts";

/**
 * Where a file was read back from: its medium, or, where the system offers no way past it, perhaps only
 * what the system keeps of it in memory.
 */
export type ReadBackFrom = "medium" | "memory";

/** What was written, and is now compared. */
export interface Written {
  readonly path: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads files back that were just written, and says where from: from the medium, if all of them were.
 * @throws DrayError `DRAY_MEDIUM_ALTERED`
 */
export async function readBack(files: readonly Written[], run: Run): Promise<ReadBackFrom> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  run.onEvent({ type: "stage", stage: "check-written", bytes });
  let from: ReadBackFrom = "medium";
  for (const file of files) {
    if ((await checkWritten(file, run)) === "memory") from = "memory";
  }
  return from;
}

/**
 * Reads a file back that was just written, past the system's own memory where that can be done: sticks
 * take what they do not keep.
 *
 * @throws DrayError `DRAY_MEDIUM_ALTERED`
 */
async function checkWritten(
  written: Written,
  { signal, onEvent }: Pick<Run, "signal" | "onEvent">,
): Promise<ReadBackFrom> {
  const { path, size, sha256 } = written;
  const direct = await openDirect(path);
  const file = direct?.file ?? (await open(path, "r"));
  try {
    const buffer = direct?.buffer ?? Buffer.allocUnsafeSlow(BLOCK);
    const hash = createHash("sha256");
    let at = 0;
    for (let read = 1; read > 0; at += read) {
      signal.throwIfAborted();
      read = (await file.read(buffer, 0, BLOCK, at)).bytesRead;
      hash.update(buffer.subarray(0, read));
      onEvent({ type: "progress", bytes: read });
    }
    const found = hash.digest("hex");
    if (at !== size || found !== sha256) throw altered(written, { size: at, sha256: found });
    return direct === undefined ? "memory" : "medium";
  } finally {
    await file.close();
  }
}

/** A multiple of what any disk reads at once. */
const BLOCK = 1024 * 1024;

/** Memory for reads past the cache begins at a multiple of this, at most. */
const ALIGNMENT = 4096;

/** Every address that memory can begin at is a multiple of this. */
const STEP = 16;

/** Opens a file for reads past the cache, with memory that they can go to; undefined where there are none. */
async function openDirect(path: string): Promise<{ file: FileHandle; buffer: Buffer } | undefined> {
  const flag = (constants as { readonly O_DIRECT?: number }).O_DIRECT;
  if (flag === undefined) return undefined;
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | flag);
  } catch (error) {
    if (isUnsupported(error)) return undefined;
    throw error;
  }
  try {
    const buffer = await memoryFor(file);
    if (buffer !== undefined) return { file, buffer };
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

/** Where memory begins is not told: the first place that the system takes is a good one. */
async function memoryFor(file: FileHandle): Promise<Buffer | undefined> {
  const memory = Buffer.allocUnsafeSlow(BLOCK + ALIGNMENT);
  for (let start = 0; start < ALIGNMENT; start += STEP) {
    const buffer = memory.subarray(start, start + BLOCK);
    if (await takes(file, buffer)) return buffer;
  }
  return undefined;
}

async function takes(file: FileHandle, buffer: Buffer): Promise<boolean> {
  try {
    await file.read(buffer, 0, BLOCK, 0);
    return true;
  } catch (error) {
    if (isUnsupported(error)) return false;
    throw error;
  }
}

function isUnsupported(error: unknown): boolean {
  const code = systemCode(error);
  return code === "EINVAL" || code === "EOPNOTSUPP" || code === "ENOTSUP";
}

function altered(
  { path, size, sha256 }: Written,
  found: { size: number; sha256: string },
): DrayError {
  return new DrayError(
    "DRAY_MEDIUM_ALTERED",
    `Cannot rely on ${JSON.stringify(path)}: wrote ${described({ size, sha256 })}, read back ${described(found)}`,
    {
      kind: "refused",
      hint: "The medium does not keep what is written to it: take another one.",
    },
  );
}

function described({ size, sha256 }: { size: number; sha256: string }): string {
  return `${size} bytes (sha256:${sha256})`;
}
