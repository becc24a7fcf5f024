import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { memberBytes } from "../archive/members/gzip-members.ts";
import { openSink } from "../archive/members/member-sink.ts";
import { fillMembers } from "../archive/members/member-writer.ts";
import { writeTar } from "../archive/tar/tar-writer.ts";
import { DrayError, diskFull, systemCode, unwritable } from "../errors.ts";
import type { Listener } from "../events.ts";
import { digestOf, parseDigest, type Digest } from "../oci/digest.ts";
import type { BundleContents } from "./contents.ts";

export interface WriteOptions {
  /** Time stamp of every entry. */
  readonly mtime: Date;
  /** Replace a file that is there. @default false */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

export interface WrittenBundle {
  /** Absolute. */
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  /** SHA-256 of the file as it was written. */
  readonly fileDigest: Digest;
  /** SHA-256 of `SHA256SUMS`: names the content, whatever the compression or signature. */
  readonly bundleDigest: Digest;
}

/**
 * Writes a bundle. It grows as `PATH.partial` and gets its name when it is whole and on the disk;
 * whatever goes wrong, nothing is left but what was there before.
 *
 * @throws DrayError `DRAY_FILE_EXISTS`, `DRAY_DISK_FULL`
 */
export async function writeBundle(
  path: string,
  contents: BundleContents,
  options: WriteOptions,
): Promise<WrittenBundle> {
  const target = resolve(path);
  const partial = `${target}.partial`;
  const file = await openPartial(partial, target, options);
  try {
    const { size, fileDigest } = await fill(file, contents, options);
    await file.sync();
    await requireSameFile(file, partial);
    if (options.force !== true) await requireAbsent(target);
    await rename(partial, target);
    return { path: target, size, fileDigest, bundleDigest: digestOf(contents.sums) };
  } catch (error) {
    // What another run has put there is its own to finish or to remove.
    if (await isSameFile(file, partial)) await rm(partial, { force: true });
    throw noRoom(error, target) ?? error;
  } finally {
    await file.close();
  }
}

/** A part that a killed run left is nobody's: this run makes its own file. */
async function openPartial(
  partial: string,
  target: string,
  { force }: WriteOptions,
): Promise<FileHandle> {
  try {
    if (force !== true) await requireAbsent(target);
    await rm(partial, { force: true });
    return await open(partial, "wx");
  } catch (error) {
    if (error instanceof DrayError) throw error;
    throw noRoom(error, target) ?? unwritable(error, "bundle", target) ?? error;
  }
}

/** A member is sealed, hashed and written while the next ones are put together. */
async function fill(
  file: FileHandle,
  contents: BundleContents,
  { mtime, signal, onEvent }: WriteOptions,
): Promise<{ size: number; fileDigest: Digest }> {
  const sink = openSink(file, contents.size);
  const tar = writeTar(contents.files(), { mtime });
  let size = 0;
  try {
    for await (const member of fillMembers(tar, () => sink.take())) {
      signal?.throwIfAborted();
      sink.write(member);
      const bytes = memberBytes(member.payload);
      size += bytes;
      onEvent?.({ type: "progress", bytes });
    }
    return { size, fileDigest: parseDigest(`sha256:${await sink.finish()}`) };
  } finally {
    await sink.close();
  }
}

async function requireAbsent(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  throw new DrayError(
    "DRAY_FILE_EXISTS",
    `Cannot write ${JSON.stringify(path)}: it exists already`,
    {
      kind: "usage",
      hint: "Choose another name with -o, or replace it with --force.",
    },
  );
}

/** Two runs with one output name would otherwise give one of them the other's file. */
async function requireSameFile(file: FileHandle, path: string): Promise<void> {
  if (await isSameFile(file, path)) return;
  throw new DrayError(
    "DRAY_FILE_CHANGED",
    `Cannot finish ${JSON.stringify(path)}: another run writes to the same name`,
  );
}

async function isSameFile(file: FileHandle, path: string): Promise<boolean> {
  try {
    const [own, named] = await Promise.all([file.stat(), stat(path)]);
    return own.ino === named.ino && own.dev === named.dev;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** The error for what this file system cannot hold: no more, or no file this large. */
function noRoom(cause: unknown, path: string): DrayError | undefined {
  const action = `write ${JSON.stringify(path)}`;
  if (systemCode(cause) !== "EFBIG") {
    const hint = "Make room or choose another place with -o; nothing was left behind.";
    return diskFull(cause, action, hint);
  }
  return new DrayError(
    "DRAY_FILE_TOO_LARGE",
    `Cannot ${action}: the file system takes no file this large`,
    { cause, hint: "FAT32 ends at 4 GiB: write to another file system, such as exFAT." },
  );
}
