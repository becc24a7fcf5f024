import { collect, type Bytes, type OpenOptions, type PushResult } from "../../content/content.ts";
import { verified } from "../../content/verify.ts";
import { RegistryError } from "../../errors.ts";
import { SMALL_BODY_BYTES } from "../http/http-request.ts";
import { requireNoPageIn } from "../http/page.ts";
import { Transient, type Tries } from "../http/patience.ts";
import { tryMount } from "./mount-blob.ts";
import { isPassing } from "./answer-error.ts";
import { UnfinishedUpload } from "./unfinished-upload.ts";
import { CHUNK_BYTES, COMMITTED, isTooLarge, sendChunks } from "./upload-chunks.ts";
import {
  commitTimeout,
  openSession,
  type Session,
  type BlobUpload,
  withDigest,
  type UploadTarget,
} from "./upload-session.ts";

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
 * the proxies before them differ in which of the last two they take, so both are tried. What a registry
 * keeps of an upload that was cut short, by this run or an earlier one, is not sent again.
 */
export async function uploadBlob(target: UploadTarget, upload: BlobUpload): Promise<PushResult> {
  const unfinished = new UnfinishedUpload(target, upload);
  const opened = (await unfinished.takeUp()) ?? (await tryMount(target, upload));
  if (opened === "mounted") return "mounted";
  const { requestLimit, patience } = target.client;
  const tries = patience.tries(upload.signal);
  let next = opened;
  let refusals = 0;
  const isLarge = (): boolean => upload.expected.size > requestLimit.bytes;
  let chunked = isLarge();
  for (let attempt = 0; ; attempt++) {
    const session = next ?? (await open(target, upload));
    await unfinished.begin(session);
    try {
      const failure = await trySend(target, upload, { unfinished, session, chunked });
      if (failure === undefined) break;
      const isRefusal = isRefused(failure);
      refusals += Number(isRefusal);
      const isFinal =
        refusals === MAX_REFUSALS || isAtItsLeast(target, failure, { upload, chunked });
      const wait = isFinal ? undefined : tries;
      if (await isThereAfterAll(target, failure, wait)) break;
      chunked = isRefusal ? !chunked : attempt % 2 === 1 || isLarge();
      next = await unfinished.goOn(session, isRefusal);
    } catch (error) {
      await unfinished.leave(session, isNoVerdict(error, upload));
      unfinished.requireTaken(session, error);
      next = undefined;
    }
  }
  await unfinished.forget();
  return "copied";
}

/** It was stopped, or the registry could not be had: the content is as good as it was. */
function isNoVerdict(error: unknown, { signal }: BlobUpload): boolean {
  return signal?.aborted === true || (isWorthRetrying(error) && !isRefused(error));
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

interface Sending {
  readonly unfinished: UnfinishedUpload;
  readonly session: Session;
  readonly chunked: boolean;
}

/** Undefined if the blob was sent, else a failure that another try may mend; the rest is thrown. */
async function trySend(
  target: UploadTarget,
  upload: BlobUpload,
  { unfinished, session, chunked }: Sending,
): Promise<RegistryError | undefined> {
  try {
    const isWhole = !chunked && session.minChunk === 0 && session.received === 0;
    if (isWhole) await sendWhole(target, upload, session);
    else await sendChunks(target, upload, { session, note: unfinished.note });
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
  const read = (options: OpenOptions): Bytes =>
    verified(content.open(0, options), expected, { from: content.from });
  // What is small is sent together with the head of its request.
  const isSmall = expected.size <= SMALL_BODY_BYTES;
  const whole = isSmall ? await collect(read({ reuse: false })) : undefined;
  const response = await target.client.request({
    method: "PUT",
    path: withDigest(location, expected.digest),
    action,
    scopes: target.scopes,
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(expected.size),
    },
    body: () => whole ?? read({ reuse: true }),
    accept: COMMITTED,
    answerTimeout: commitTimeout(expected),
    retry: false,
    signal,
  });
  await requireNoPageIn(response, { action, registry: target.client.name });
}
