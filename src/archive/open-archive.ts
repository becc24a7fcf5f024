import { createReadStream } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import type { Bytes } from "../content/content.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Archive } from "./archive.ts";
import { SeekCursor, StreamCursor } from "./cursor.ts";
import { openDirectory } from "./directory.ts";
import { MemberTar } from "./member-reader.ts";
import { PlainTar, READ_BYTES, type SeekableTar } from "./seekable-tar.ts";
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
  const close = (): Promise<void> => file.close();
  const kind = await sniff(path, file);
  if (kind === "gzip") {
    const members = await MemberTar.open(file);
    if (members !== undefined)
      return { path, size, close, ...seekable("gzip members, tar", members) };
    await file.close();
    return {
      path,
      size,
      close: async () => {},
      form: "gzip, tar",
      read: undefined,
      ...gunzipped(path),
    };
  }
  return { path, size, close, ...seekable("tar", new PlainTar(file, size)) };
}

function seekable(form: string, tar: SeekableTar): Pick<Archive, "form" | "entries" | "read"> {
  return {
    form,
    entries: ({ check }) => readTar(check ? new StreamCursor(tar.readAll()) : new SeekCursor(tar)),
    read: ({ position, size }) => tar.read(position, size),
  };
}

function gunzipped(path: string): Pick<Archive, "entries"> {
  return {
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
