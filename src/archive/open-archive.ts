import { createReadStream } from "node:fs";
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
  const file = await open(path, "r");
  try {
    return await openFile(path, file, found.size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function statCarrier(path: string): Promise<{ isDirectory(): boolean; size: number }> {
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

async function* gunzip(path: string): Bytes {
  const inflate = createGunzip({ chunkSize: 256 * 1024 });
  const file = createReadStream(path, { highWaterMark: READ_BYTES });
  file.once("error", (error) => inflate.destroy(error));
  try {
    yield* file.pipe(inflate) as AsyncIterable<Buffer>;
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
