import type { PushResult } from "../../content/content.ts";
import { verified } from "../../content/verify.ts";
import { RegistryError } from "../../errors.ts";
import { tryMount } from "./mount-blob.ts";
import { isPassing } from "./answer-error.ts";
import { CHUNK_BYTES, COMMITTED, isTooLarge, sendChunks } from "./upload-chunks.ts";
import {
  cancelSession,
  commitTimeout,
  openSession,
  type Session,
  type BlobUpload,
  withDigest,
  type UploadTarget,
} from "./upload-session.ts";
import { requireNoPageIn } from "../http/page.ts";
import { Transient, type Tries } from "../http/patience.ts";

/** A courtesy must not keep anybody waiting. */
const CANCEL_TIMEOUT = 5_000;
/** Whole and in chunks, both twice: who still does not take it never will. */
const MAX_REFUSALS = 4;
/** Answers that mean: not in one piece. With 401, a token has ended before the last byte of it came. */
const WANTS_CHUNKS: ReadonlySet<number> = new Set([401, 404, 405, 413, 416]);
/** Answers that mean: other bytes have arrived, or the session is lost. */
const ANEW_CODES: ReadonlySet<string> = new Set([
  "DIGEST_INVALID",
  "SIZE_INVALID",
  "BLOB_UPLOAD_INVALID",
  "BLOB_UPLOAD_UNKNOWN",
]);

/**
 * Brings one blob to a repository: by mounting, else in one piece, else in chunks. Registries and
 * the proxies before them differ in which of the last two they take, so both are tried.
 */
export async function uploadBlob(target: UploadTarget, upload: BlobUpload): Promise<PushResult> {
  const mount = await tryMount(target, upload);
  if (mount === "mounted") return "mounted";
  const { requestLimit, patience } = target.client;
  const tries = patience.tries(upload.signal);
  let opened = mount;
  let refusals = 0;
  const isLarge = (): boolean => upload.expected.size > requestLimit.bytes;
  let chunked = isLarge();
  for (let attempt = 0; ; attempt++) {
    const session = opened ?? (await open(target, upload));
    opened = undefined;
    try {
      const failure = await trySend(target, upload, { session, chunked });
      if (failure === undefined) return "copied";
      const isRefusal = isRefused(failure);
      refusals += isRefusal ? 1 : 0;
      const isFinal =
        refusals === MAX_REFUSALS || isAtItsLeast(target, failure, { upload, chunked });
      const wait = isFinal ? undefined : tries;
      if (await isThereAfterAll(target, failure, wait)) return "copied";
      chunked = isRefusal ? !chunked : attempt % 2 === 1 || isLarge();
    } catch (error) {
      await cancel(target, session, upload);
      throw error;
    }
    await cancel(target, session, upload);
  }
}

/** True if a proxy has refused the request for its size, and there is nothing smaller to try. */
function isAtItsLeast(
  { client }: UploadTarget,
  failure: RegistryError,
  { upload, chunked }: { upload: BlobUpload; chunked: boolean },
): boolean {
  if (!isTooLarge(failure)) return false;
  return chunked || !client.requestLimit.refuse(upload.expected.size, { most: CHUNK_BYTES });
}

/**
 * A commit that was answered too late, or twice, has still happened, or happens while this side waits:
 * to end the session before that would end the commit. @throws DrayError where nobody waits any more
 */
async function isThereAfterAll(
  target: UploadTarget,
  failure: RegistryError,
  tries: Tries | undefined,
): Promise<boolean> {
  if (await target.isPresent()) return true;
  if (tries === undefined) throw failure;
  await tries.next(new Transient(failure));
  return isRefused(failure) ? false : target.isPresent();
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
    upload.signal?.throwIfAborted();
    if (isWorthRetrying(error)) return error;
    throw error;
  }
}

function isWorthRetrying(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError)) return false;
  const { status, kind, isPermanent } = error;
  if (kind === "refused" || isPermanent) return false;
  // A login that is refused is not offered again.
  if (status === 401 && error.code !== "DRAY_REGISTRY_DENIED") return false;
  return status === 0 || status >= 500 || isPassing(error) || isRefused(error);
}

/** What was sent is right, so a registry that found other bytes got them damaged. */
function isRefused({ status, registryCode = "" }: RegistryError): boolean {
  return WANTS_CHUNKS.has(status) || ANEW_CODES.has(registryCode);
}

function open(target: UploadTarget, { expected, signal }: BlobUpload): Promise<Session> {
  const action = `start upload of blob ${expected.digest} to ${target.repository}`;
  return openSession(target, { action, signal });
}

/** POST is done; one PUT with everything. */
async function sendWhole(
  target: UploadTarget,
  { expected, content, signal }: BlobUpload,
  { location }: Session,
): Promise<void> {
  const action = `push blob ${expected.digest} to ${target.repository}`;
  const response = await target.client.request({
    method: "PUT",
    path: withDigest(location, expected.digest),
    action,
    scopes: target.scopes,
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(expected.size),
    },
    body: () => verified(content.open(0, { reuse: true }), expected, { from: content.from }),
    accept: COMMITTED,
    answerTimeout: commitTimeout(expected),
    retry: false,
    signal,
  });
  await requireNoPageIn(response, { action, registry: target.client.name });
}

/** Only a courtesy: the registry drops old sessions by itself, and the first error counts. */
async function cancel(target: UploadTarget, session: Session, upload: BlobUpload): Promise<void> {
  const action = `cancel upload of ${upload.expected.digest}`;
  try {
    const signal = AbortSignal.timeout(CANCEL_TIMEOUT);
    await cancelSession(target, session, { action, signal });
  } catch {
    // Whatever it says, there is nothing left to do.
  }
}
