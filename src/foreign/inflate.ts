import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Bytes } from "../content/content.ts";
import { DrayError, systemCode } from "../errors.ts";

/** What shrinks more than this is made to fill disks and time. */
const MAX_INFLATION = 200;
/** So much may come of little. */
const FREE_INFLATION = 64 * 1024 * 1024;

/**
 * Decompresses gzip; `from` names it in errors.
 * @throws DrayError `DRAY_GZIP_DAMAGED`, `DRAY_ARCHIVE_TOO_LARGE`
 */
export async function* gunzipped(content: Bytes, from: string): Bytes {
  let read = 0;
  const counted = async function* (): Bytes {
    for await (const piece of content) {
      read += piece.length;
      yield piece;
    }
  };
  const source = Readable.from(counted(), { objectMode: false, highWaterMark: 1024 * 1024 });
  const inflate = createGunzip({ chunkSize: 256 * 1024 });
  source.once("error", (error) => inflate.destroy(error));
  let size = 0;
  try {
    for await (const piece of source.pipe(inflate) as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > FREE_INFLATION && size > read * MAX_INFLATION) throw bomb(from);
      yield piece;
    }
  } catch (cause) {
    if (systemCode(cause)?.startsWith("Z_") !== true) throw cause;
    throw new DrayError(
      "DRAY_GZIP_DAMAGED",
      `Cannot decompress ${JSON.stringify(from)}: ${String(cause)}`,
      { kind: "refused", cause },
    );
  } finally {
    source.destroy();
    inflate.destroy();
  }
}

function bomb(from: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TOO_LARGE",
    `Cannot decompress ${JSON.stringify(from)}: expected at most ${MAX_INFLATION} times its size, found more`,
    { kind: "refused" },
  );
}
