import type { IncomingMessage } from "node:http";
import type { Bytes } from "../content/content.ts";
import { ApiError } from "./api-error.ts";
import { locationOf, type Exchange } from "./exchange.ts";
import type { IncomingBlob } from "./incoming-blob.ts";

/**
 * The body of a request as the next part of an upload. Without `Content-Range` it is whatever comes.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks
 *
 * @throws ApiError 416 for a part that does not begin where the upload ends
 */
export function chunkOf(exchange: Exchange, upload: IncomingBlob): Bytes {
  const { request } = exchange;
  const header = request.headers["content-range"];
  if (header === undefined) return bodyOf(request);
  const range = parseChunkRange(header);
  if (range?.start !== upload.size) {
    throw new ApiError("BLOB_UPLOAD_INVALID", `expected a chunk from byte ${upload.size}`, {
      status: 416,
      headers: progressOf(exchange, upload),
    });
  }
  const length = range.end - range.start + 1;
  const announced = request.headers["content-length"];
  if (announced !== undefined && Number(announced) !== length) throw wrongSize(length);
  return ofLength(bodyOf(request), length);
}

const CHUNK_RANGE = /^(\d{1,15})-(\d{1,15})$/;

/** Reads the `Content-Range` of a chunk, with both ends in it; undefined if it is not one. */
function parseChunkRange(header: string): { start: number; end: number } | undefined {
  const [, start, end] = CHUNK_RANGE.exec(header) ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) return undefined;
  return { start: Number(start), end: Number(end) };
}

/** Where an upload goes on, and how far it is. Nothing yet is said like one byte: `0-0`. */
export function progressOf(
  exchange: Exchange,
  { identity: { name, id }, size }: IncomingBlob,
): Readonly<Record<string, string>> {
  return {
    Location: locationOf(exchange, `${name}/blobs/uploads/${id}`),
    Range: `0-${Math.max(0, size - 1)}`,
    "Docker-Upload-UUID": id,
  };
}

/** A body that breaks off leaves its connection to whoever answers. */
export function bodyOf(request: IncomingMessage): Bytes {
  const chunks = request.iterator({ destroyOnReturn: false });
  return { [Symbol.asyncIterator]: () => chunks as AsyncIterator<Uint8Array> };
}

async function* ofLength(content: Bytes, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const chunk of content) {
    if (chunk.length > left) throw wrongSize(length);
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0) throw wrongSize(length);
}

function wrongSize(length: number): ApiError {
  return new ApiError("SIZE_INVALID", `expected ${length} bytes, as Content-Range says`);
}
