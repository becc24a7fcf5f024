import { verified } from "../../content/verify.ts";
import { RegistryError } from "../../errors.ts";
import { isRetriedStatus, Transient } from "../http/patience.ts";
import type { TransportResponse } from "../http/transport.ts";
import {
  commitTimeout,
  sessionOf,
  type Session,
  type BlobUpload,
  withDigest,
  type UploadTarget,
} from "./upload-session.ts";

/** Answers to the last request of an upload; one that takes its time is asked for the blob later on. */
export const COMMITTED: readonly number[] = [200, 201, 202, 204];

/** Just under what the strictest registries and proxies take at a time. */
export const CHUNK_BYTES = 4 * 1024 * 1024 - 64 * 1024;
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * Sends a blob as PATCH requests. After a chunk that failed the registry is asked what it has, and
 * the chunk is sent again or counted as there.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks
 */
export async function sendChunks(
  target: UploadTarget,
  upload: BlobUpload,
  session: Session,
): Promise<void> {
  const { expected, content } = upload;
  const { minChunk } = session;
  const usual = Math.min(CHUNK_BYTES, target.client.requestLimit.bytes);
  const chunkSize = Math.min(Math.max(usual, minChunk), MAX_CHUNK_BYTES);
  const bytes = verified(content.open(0), expected, { from: content.from });
  let location = session.location;
  let sent = 0;
  for await (const chunk of inChunks(bytes, chunkSize)) {
    location = await sendChunk(target, upload, { chunk, start: sent, location, minChunk });
    sent += chunk.length;
  }
  await commit(target, upload, location);
}

interface ChunkRequest {
  readonly chunk: Buffer;
  readonly start: number;
  readonly location: URL;
  /** As small as the registry takes any but the last. */
  readonly minChunk: number;
}

/** Sends a chunk in pieces as large as the proxies before the registry take them. */
async function sendChunk(
  target: UploadTarget,
  upload: BlobUpload,
  { chunk, start, location, minChunk }: ChunkRequest,
): Promise<URL> {
  const end = start + chunk.length;
  let next = location;
  for (let at = start; at < end;) {
    const size = Math.max(minChunk, Math.min(chunk.length, target.client.requestLimit.bytes));
    const piece = chunk.subarray(at - start, at - start + size);
    try {
      next = await sendPiece(target, upload, { chunk: piece, start: at, location: next, minChunk });
      at += piece.length;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      const smaller = { least: minChunk, most: CHUNK_BYTES };
      if (!target.client.requestLimit.refuse(piece.length, smaller)) throw error;
    }
  }
  return next;
}

async function sendPiece(
  target: UploadTarget,
  upload: BlobUpload,
  request: ChunkRequest,
): Promise<URL> {
  const end = request.start + request.chunk.length;
  let { chunk, start, location } = request;
  const tries = target.client.patience.tries(upload.signal);
  for (;;) {
    try {
      return await patch(target, upload, { ...request, chunk, start, location });
    } catch (error) {
      upload.signal?.throwIfAborted();
      if (!isOutOfStep(error)) throw error;
      await tries.next(new Transient(error));
      const status = await readStatus(target, upload, location);
      location = status.location;
      if (status.received === end) return location;
      // What it had before cannot be sent again from here: the whole blob starts over.
      if (status.received < start || status.received > end) throw error;
      chunk = chunk.subarray(status.received - start);
      start = status.received;
    }
  }
}

/** A proxy has refused the request before the registry saw it: the upload stands where it stood. */
export function isTooLarge(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.status === 413;
}

async function patch(
  target: UploadTarget,
  upload: BlobUpload,
  { chunk, start, location }: ChunkRequest,
): Promise<URL> {
  const range = `${start}-${start + chunk.length - 1}`;
  const response = await target.client.request({
    method: "PATCH",
    path: location,
    action: `push bytes ${range} of blob ${upload.expected.digest} to ${target.repository}`,
    scopes: target.scopes,
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(chunk.length),
      "content-range": range,
    },
    body: () => chunk,
    accept: [200, 201, 202, 204],
    retry: false,
    signal: upload.signal,
  });
  await response.discard();
  return nextLocation(response, location);
}

/** Both sides may disagree on what has arrived: after a broken connection, a refusal for now, or a 416. */
function isOutOfStep(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || error.kind === "refused") return false;
  return error.status === 0 || error.status === 416 || isRetriedStatus(error.status);
}

/** What the registry has so far (end-13). `0-0` is nothing or one byte: it counts as nothing. */
async function readStatus(
  target: UploadTarget,
  upload: BlobUpload,
  location: URL,
): Promise<{ location: URL; received: number }> {
  const response = await target.client.request({
    method: "GET",
    path: location,
    action: `ask for the state of the upload of ${upload.expected.digest}`,
    scopes: target.scopes,
    accept: [200, 202, 204],
    signal: upload.signal,
  });
  await response.discard();
  const last = Number(/-(\d+)$/.exec(response.header("range") ?? "")?.[1] ?? 0);
  return { location: nextLocation(response, location), received: last === 0 ? 0 : last + 1 };
}

/** Where the upload goes on: whoever names no other place means the same one. */
function nextLocation(response: TransportResponse, location: URL): URL {
  return response.header("location") === undefined ? location : sessionOf(response).location;
}

async function commit(target: UploadTarget, upload: BlobUpload, location: URL): Promise<void> {
  const response = await target.client.request({
    method: "PUT",
    path: withDigest(location, upload.expected.digest),
    action: `finish upload of blob ${upload.expected.digest} to ${target.repository}`,
    scopes: target.scopes,
    headers: { "content-length": "0" },
    accept: COMMITTED,
    answerTimeout: commitTimeout(upload.expected),
    retry: false,
    signal: upload.signal,
  });
  await response.discard();
}

/** Pieces of exactly `size` bytes, the last one the rest. */
async function* inChunks(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (let piece of bytes) {
    while (length + piece.length >= size) {
      const taken = size - length;
      yield Buffer.concat([...pieces, piece.subarray(0, taken)]);
      piece = piece.subarray(taken);
      pieces = [];
      length = 0;
    }
    if (piece.length > 0) pieces.push(piece);
    length += piece.length;
  }
  if (length > 0) yield Buffer.concat(pieces);
}
