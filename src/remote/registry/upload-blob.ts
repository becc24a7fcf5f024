import type { PushResult } from "../../content/content.ts";
import { verified } from "../../content/verify.ts";
import { DrayError, RegistryError } from "../../errors.ts";
import { sendChunks } from "./upload-chunks.ts";
import {
  commitTimeout,
  sessionOf,
  type Session,
  type BlobUpload,
  withDigest,
  type UploadTarget,
} from "./upload-session.ts";
import { Transient } from "../http/patience.ts";

/** A courtesy must not keep anybody waiting. */
const CANCEL_TIMEOUT = 5_000;
/** Whole and in chunks, both twice: who still does not take it never will. */
const MAX_REFUSALS = 4;
/** Answers that mean: not in one piece. */
const WANTS_CHUNKS: ReadonlySet<number> = new Set([404, 405, 413, 416]);
/** Answers that mean: other bytes have arrived. */
const DAMAGED_CODES: ReadonlySet<string> = new Set(["DIGEST_INVALID", "SIZE_INVALID"]);

/**
 * Brings one blob to a repository: by mounting, else in one piece, else in chunks. Registries and
 * the proxies before them differ in which of the last two they take, so both are tried.
 */
export async function uploadBlob(target: UploadTarget, upload: BlobUpload): Promise<PushResult> {
  const mount = await tryMount(target, upload);
  if (mount === "mounted") return "mounted";
  const tries = target.client.patience.tries(upload.signal);
  let session = mount;
  let refusals = 0;
  for (let attempt = 0, chunked = false; ; attempt++) {
    session ??= await openSession(target, upload);
    const failure = await trySend(target, upload, { session, chunked });
    if (failure === undefined) return "copied";
    // A commit that was answered too late, or twice, has still happened.
    if (await target.isPresent()) return "copied";
    const isRefusal = isRefused(failure);
    if (isRefusal && ++refusals === MAX_REFUSALS) throw failure;
    chunked = isRefusal ? !chunked : attempt % 2 === 1;
    session = undefined;
    await tries.next(new Transient(failure));
  }
}

/** Undefined if the blob was sent, else a failure that another try may mend; the rest is thrown. */
async function trySend(
  target: UploadTarget,
  upload: BlobUpload,
  { session, chunked }: { session: Session; chunked: boolean },
): Promise<RegistryError | undefined> {
  try {
    await (chunked || session.minChunk > 0 ? sendChunks : sendWhole)(target, upload, session);
    return undefined;
  } catch (error) {
    await cancel(target, session, upload);
    upload.signal?.throwIfAborted();
    if (error instanceof RegistryError && isWorthRetrying(error)) return error;
    throw error;
  }
}

function isWorthRetrying(error: RegistryError): boolean {
  const { status, kind } = error;
  if (kind === "refused") return false;
  return status === 0 || status >= 500 || status === 408 || status === 429 || isRefused(error);
}

/** What was sent is right, so a registry that found other bytes got them damaged. */
function isRefused({ status, registryCode = "" }: RegistryError): boolean {
  return WANTS_CHUNKS.has(status) || DAMAGED_CODES.has(registryCode);
}

/** "mounted", or the ordinary session that the registry opened instead, or nothing. */
async function tryMount(
  target: UploadTarget,
  { expected, mountFrom, signal }: BlobUpload,
): Promise<"mounted" | Session | undefined> {
  if (mountFrom === undefined) return undefined;
  const query = new URLSearchParams({ mount: expected.digest, from: mountFrom });
  try {
    const response = await target.client.request({
      method: "POST",
      path: `${target.repository}/blobs/uploads/?${query.toString()}`,
      action: `mount blob ${expected.digest} from ${mountFrom}`,
      scopes: [...target.scopes, `repository:${mountFrom}:pull`],
      headers: { "content-length": "0" },
      accept: [201, 202],
      retry: false,
      signal,
    });
    await response.discard();
    return response.status === 201 ? "mounted" : sessionOf(response);
  } catch (error) {
    // Registries and their token servers refuse mounts in many ways; each means: send the blob.
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

async function openSession(
  target: UploadTarget,
  { expected, signal }: BlobUpload,
): Promise<Session> {
  const response = await target.client.request({
    method: "POST",
    path: `${target.repository}/blobs/uploads/`,
    action: `start upload of blob ${expected.digest} to ${target.repository}`,
    scopes: target.scopes,
    headers: { "content-length": "0" },
    accept: [202],
    signal,
  });
  await response.discard();
  return sessionOf(response);
}

/** POST is done; one PUT with everything. */
async function sendWhole(
  target: UploadTarget,
  { expected, content, signal }: BlobUpload,
  { location }: Session,
): Promise<void> {
  const response = await target.client.request({
    method: "PUT",
    path: withDigest(location, expected.digest),
    action: `push blob ${expected.digest} to ${target.repository}`,
    scopes: target.scopes,
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(expected.size),
    },
    body: () => verified(content.open(0), expected, { from: content.from }),
    accept: [200, 201, 204],
    answerTimeout: commitTimeout(expected),
    retry: false,
    signal,
  });
  await response.discard();
}

/** Frees what the registry holds for an upload that will not be finished (end-14). */
async function cancel(
  target: UploadTarget,
  { location }: Session,
  upload: BlobUpload,
): Promise<void> {
  try {
    const response = await target.client.request({
      method: "DELETE",
      path: location,
      action: `cancel upload of ${upload.expected.digest}`,
      scopes: target.scopes,
      accept: [200, 202, 204, 404, 405],
      signal: AbortSignal.timeout(CANCEL_TIMEOUT),
      retry: false,
    });
    await response.discard();
  } catch {
    // Only a courtesy: the registry drops old sessions by itself, and the first error counts.
  }
}
