import { requireNoPageIn } from "../http/page.ts";
import { verified } from "../../content/verify.ts";
import type { Bytes } from "../../content/content.ts";
import { RegistryError } from "../../errors.ts";
import type { UploadNote } from "./upload-note.ts";
import { sendPiece, type ChunkRequest } from "./upload-piece.ts";
import {
  commitTimeout,
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

/** An upload that is open, and where it is noted how far it is. */
interface Noted {
  readonly session: Session;
  readonly note: UploadNote;
}

/**
 * Sends a blob, or what the registry does not have of it, as PATCH requests. After a chunk that failed
 * the registry is asked what it has, and the chunk is sent again or counted as there.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks
 */
export async function sendChunks(
  target: UploadTarget,
  upload: BlobUpload,
  { session, note }: Noted,
): Promise<void> {
  const { expected, content } = upload;
  const { minChunk } = session;
  const usual = Math.min(CHUNK_BYTES, target.client.requestLimit.bytes);
  const chunkSize = Math.min(Math.max(usual, minChunk), MAX_CHUNK_BYTES);
  const bytes = verified(content.open(0), expected, { from: content.from });
  let location = session.location;
  let sent = session.received;
  for await (const chunk of inChunks(behind(bytes, sent), chunkSize)) {
    location = await sendChunk(target, upload, { chunk, start: sent, location, minChunk });
    sent += chunk.length;
    await note.write({ ...session, location });
  }
  await commit(target, upload, location);
}

/** What comes behind the first bytes, which are read all the same: all of it has to be right. */
async function* behind(bytes: Bytes, count: number): Bytes {
  let left = count;
  for await (const piece of bytes) {
    const rest = piece.subarray(left);
    left = Math.max(0, left - piece.length);
    if (rest.length > 0) yield rest;
  }
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

/** A proxy has refused the request before the registry saw it: the upload stands where it stood. */
export function isTooLarge(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.status === 413;
}

async function commit(target: UploadTarget, upload: BlobUpload, location: URL): Promise<void> {
  const action = `finish upload of blob ${upload.expected.digest} to ${target.repository}`;
  const response = await target.client.request({
    method: "PUT",
    path: withDigest(location, upload.expected.digest),
    action,
    scopes: target.scopes,
    headers: { "content-length": "0" },
    accept: COMMITTED,
    answerTimeout: commitTimeout(upload.expected),
    retry: false,
    signal: upload.signal,
  });
  await requireNoPageIn(response, { action, registry: target.client.name });
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
