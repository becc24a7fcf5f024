import { Readable } from "node:stream";
import {
  createGunzip,
  createInflateRaw,
  inflateRawSync,
  type Gunzip,
  type InflateRaw,
} from "node:zlib";
import type { Bytes } from "../content/content.ts";
import { DrayError, systemCode } from "../errors.ts";
import { READ_BYTES } from "./file-range.ts";

/** With pieces of this size zlib is twice as fast as with its own. */
const CHUNK_BYTES = 256 * 1024;

/**
 * All members of a gzip, to its last byte: behind the last member only zeros may follow, with which
 * programs fill up blocks.
 *
 * @throws DrayError `DRAY_GZIP_DAMAGED`
 */
export async function* gunzip(source: Bytes, what: string): Bytes {
  const inflate = createGunzip({ chunkSize: CHUNK_BYTES });
  const fail = (cause: unknown): DrayError => damaged("DRAY_GZIP_DAMAGED", what, cause);
  const extent = { lastInUse: 0 };
  const pieces = measured(source, extent)[Symbol.asyncIterator]();
  try {
    yield* inflated(remaining(pieces), inflate, fail);
    // zlib takes a zero for the end and drops what comes then.
    for await (const _ of remaining(pieces)) if (extent.lastInUse > inflate.bytesWritten) break;
    if (extent.lastInUse > inflate.bytesWritten) throw fail("there is data behind the end");
  } finally {
    await pieces.return?.();
  }
}

/** What is left of `pieces`, which stay open when somebody reads no more of this. */
async function* remaining(pieces: AsyncIterator<Uint8Array>): Bytes {
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    yield next.value;
  }
}

/** Notes how many bytes there are up to the last one that is not zero. */
async function* measured(source: Bytes, extent: { lastInUse: number }): Bytes {
  let size = 0;
  for await (const piece of source) {
    const last = piece.findLastIndex((byte) => byte !== 0);
    if (last !== -1) extent.lastInUse = size + last + 1;
    size += piece.length;
    yield piece;
  }
}

/** One DEFLATE stream that has `size` bytes, no more. @throws DrayError `DRAY_ZIP_DAMAGED` */
export async function* inflateRaw(
  source: Bytes,
  { size, what }: { size: number; what: string },
): Bytes {
  const inflate = createInflateRaw({ chunkSize: CHUNK_BYTES });
  const fail = (cause: unknown): DrayError => damaged("DRAY_ZIP_DAMAGED", what, cause);
  yield* inflated(source, inflate, fail);
  if (inflate.bytesWritten !== size) throw fail("there is data behind the end");
}

/**
 * The same for little that becomes little, at once: starting a stream costs a hundred times as much.
 * @throws DrayError `DRAY_ZIP_DAMAGED`
 */
export function inflateRawSmall(
  source: Buffer,
  { maxSize, what }: { maxSize: number; what: string },
): Buffer {
  const fail = (cause: unknown): DrayError => damaged("DRAY_ZIP_DAMAGED", what, cause);
  try {
    const options = { info: true, maxOutputLength: Math.max(1, maxSize) };
    // The types do not know what `info` makes of the result.
    const { buffer, engine } = inflateRawSync(source, options) as unknown as {
      buffer: Buffer;
      engine: InflateRaw;
    };
    if (engine.bytesWritten === source.length) return buffer;
  } catch (cause) {
    throw fail(cause);
  }
  throw fail("there is data behind the end");
}

async function* inflated(
  source: Bytes,
  inflate: Gunzip | InflateRaw,
  fail: (cause: unknown) => DrayError,
): Bytes {
  const input = Readable.from(source, { objectMode: false, highWaterMark: READ_BYTES });
  input.once("error", (error) => inflate.destroy(error));
  try {
    yield* input.pipe(inflate) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw systemCode(cause)?.startsWith("Z_") === true ? fail(cause) : cause;
  } finally {
    input.destroy();
    inflate.destroy();
  }
}

function damaged(
  code: "DRAY_GZIP_DAMAGED" | "DRAY_ZIP_DAMAGED",
  what: string,
  cause: unknown,
): DrayError {
  const reason = typeof cause === "string" ? cause : reasonOf(cause);
  return new DrayError(code, `Cannot decompress ${what}: ${reason}`, {
    kind: "refused",
    cause,
    hint: "It was cut or changed on the way. Copy it again.",
  });
}

/** Layers are compressed before they are packed: what shrinks more than this is made to fill disks. */
const MAX_INFLATION = 100;
/** So much may come of little: a bundle of small texts. */
const FREE_INFLATION = 64 * 1024 * 1024;

/** What a file of `size` bytes may become, through however many compressions. */
export function maxInflated(size: number): number {
  return Math.max(FREE_INFLATION, size * MAX_INFLATION);
}

/** Passes bytes on, up to `limit`. @throws DrayError `DRAY_ARCHIVE_TOO_LARGE` */
export async function* limited(
  source: Bytes,
  { limit, what }: { limit: number; what: string },
): Bytes {
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > limit) throw tooLarge(what);
    yield piece;
  }
}

/** The same bytes each time; what was found to be refused once is not read again to find it. */
export function refusedOnce(stream: () => Bytes): () => Bytes {
  let refusal: DrayError | undefined;
  return async function* () {
    if (refusal !== undefined) throw refusal;
    try {
      yield* stream();
    } catch (error) {
      if (error instanceof DrayError) refusal = error;
      throw error;
    }
  };
}

export function tooLarge(what: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TOO_LARGE",
    `Cannot decompress ${what}: expected at most ${MAX_INFLATION} times its size, found more`,
    {
      kind: "refused",
      hint: "If you know what is in it, decompress it first and name what comes.",
    },
  );
}

function reasonOf(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : "";
  if (said.includes("unexpected end")) return "it ends in the middle";
  if (said.includes("data check")) return "its content does not have the checksum that it states";
  if (said.includes("length check")) return "its content does not have the length that it states";
  return "its compressed data do not hold";
}
