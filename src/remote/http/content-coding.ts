import { pipeline, Readable } from "node:stream";
import { brotliDecompressSync, createGunzip, gunzipSync, inflateSync } from "node:zlib";
import type { Bytes } from "../../content/content.ts";
import { RegistryError, systemCode } from "../../errors.ts";
import { readBody, type TransportResponse } from "./transport.ts";

type Decode = (bytes: Buffer, max: { readonly maxOutputLength: number }) => Buffer;

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
]);

/**
 * A small document, as it was before a proxy compressed it, which nobody had asked for. What cannot be
 * undone, or grows beyond `maxBytes`, stays as it came: its reader finds that it is none.
 * @throws DrayError `DRAY_REGISTRY_ANSWER_TOO_LARGE`
 */
export async function readDocument(response: TransportResponse, maxBytes: number): Promise<Buffer> {
  return decoded(await readBody(response, maxBytes), response, maxBytes);
}

/** As `readDocument`, of what was read already. */
export function decoded(bytes: Buffer, response: TransportResponse, maxBytes: number): Buffer {
  const decode = DECODERS.get(codingOf(response));
  if (decode === undefined || bytes.length === 0) return bytes;
  try {
    return decode(bytes, { maxOutputLength: maxBytes });
  } catch {
    return bytes;
  }
}

/**
 * A blob as it is stored, of which `size` bytes are due. Storages say "gzip" of what is compressed
 * itself, too: its length tells which of the two it is.
 */
export function decodedBlob(response: TransportResponse, size: number): Bytes {
  const coding = codingOf(response);
  const isGzip = coding === "gzip" || coding === "x-gzip";
  if (!isGzip || response.header("content-length") === String(size)) return response.body;
  return gunzipped(response);
}

async function* gunzipped({ url, status, body }: TransportResponse): Bytes {
  const gunzip = createGunzip();
  // Whichever of the two ends early ends the other; its reader hears why.
  pipeline(Readable.from(body), gunzip, () => undefined);
  try {
    yield* gunzip;
  } catch (cause) {
    if (systemCode(cause)?.startsWith("Z_") !== true) throw cause;
    throw new RegistryError(
      "DRAY_REGISTRY_FAILED",
      `Cannot use what ${url.host} answered: it says that it is compressed, and it is not, or not whole`,
      { status, cause, hint: "Something in between changes what is sent: try it past the proxy." },
    );
  }
}

function codingOf(response: TransportResponse): string {
  return (response.header("content-encoding") ?? "").trim().toLowerCase();
}
