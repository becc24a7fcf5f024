import { createReadStream, type Stats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { Bytes } from "../content/content.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Archive } from "./archive.ts";
import { SeekCursor, StreamCursor } from "./cursor.ts";
import { openDirectory } from "./directory.ts";
import { HashPool } from "./hash-pool.ts";
import { openTar } from "./open-tar.ts";
import { READ_BYTES, type SeekableTar } from "./seekable-tar.ts";
import { sniff } from "./sniff.ts";
import { readTar } from "./tar-reader.ts";

/**
 * Opens whatever carries entries; the content says what it is, never the name.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_ARCHIVE_UNKNOWN`, `DRAY_ARCHIVE_UNSUPPORTED`,
 * `DRAY_FRAMING_DAMAGED`
 */
export async function openArchive(path: string): Promise<Archive> {
  const found = await statCarrier(path);
  if (found.isDirectory()) return openDirectory(path);
  if (!found.isFile()) throw noFile(path);
  const file = await open(path, "r");
  try {
    return await openFile(path, file, found.size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function statCarrier(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT" && systemCode(cause) !== "ENOTDIR") throw cause;
    throw new DrayError(
      "DRAY_FILE_NOT_FOUND",
      `Cannot open ${JSON.stringify(path)}: no such file`,
      {
        kind: "usage",
        cause,
      },
    );
  }
}

function noFile(path: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_UNKNOWN",
    `Cannot open ${JSON.stringify(path)}: expected a file or directory, found a pipe or device`,
    { kind: "refused", hint: "A bundle is read at many places: write it to a file first." },
  );
}

async function openFile(path: string, file: FileHandle, size: number): Promise<Archive> {
  const kind = await sniff(path, file);
  const { tar, form } = await openTar(file);
  if (kind === "tar" || form !== "tar") {
    return { path, size, form, ...seekable(tar, { path, file }) };
  }
  await file.close();
  return { path, size, form: "gzip, tar", read: undefined, ...gunzipped(path) };
}

/** How a tar that can be read at any place serves as an archive. */
export function seekable(
  tar: SeekableTar,
  { path, file }: { path: string; file: FileHandle },
): Pick<Archive, "entries" | "read" | "hash" | "close"> {
  const pool = HashPool.for(path, tar.size);
  return {
    entries: ({ check }) => readTar(check ? tar.checkingCursor() : new SeekCursor(tar)),
    read: ({ position, size }) => tar.read(position, size),
    hash: pool === undefined ? undefined : (task) => pool.hash(task),
    async close() {
      await pool?.close();
      await file.close();
    },
  };
}

function gunzipped(path: string): Pick<Archive, "entries" | "tar" | "close"> {
  return {
    close: async () => {},
    tar: () => gunzip(path),
    async *entries() {
      const cursor = new StreamCursor(gunzip(path));
      try {
        yield* readTar(cursor);
      } finally {
        await cursor.close();
      }
    },
  };
}

/** Layers are compressed before they are packed: what shrinks more than this is made to fill disks. */
const MAX_INFLATION = 200;
/** So much may come of little: a bundle of small texts. */
const FREE_INFLATION = 64 * 1024 * 1024;

async function* gunzip(path: string): Bytes {
  const inflate = createGunzip({ chunkSize: 256 * 1024 });
  const file = createReadStream(path, { highWaterMark: READ_BYTES });
  file.once("error", (error) => inflate.destroy(error));
  let size = 0;
  try {
    for await (const chunk of file.pipe(inflate) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > FREE_INFLATION && size > file.bytesRead * MAX_INFLATION) throw bomb(path);
      yield chunk;
    }
  } catch (cause) {
    if (systemCode(cause)?.startsWith("Z_") !== true) throw cause;
    throw new DrayError(
      "DRAY_GZIP_DAMAGED",
      `Cannot decompress ${JSON.stringify(path)}: ${String(cause)}`,
      {
        kind: "refused",
        cause,
        hint: "The file was cut or changed on the way. Copy it again.",
      },
    );
  } finally {
    file.destroy();
    inflate.destroy();
  }
}

function bomb(path: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TOO_LARGE",
    `Cannot decompress ${JSON.stringify(path)}: expected at most ${MAX_INFLATION} times its size, found more`,
    { kind: "refused", hint: "If you know what is in it, decompress it with gunzip first." },
  );
}
