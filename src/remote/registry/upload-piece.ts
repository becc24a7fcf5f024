import { RegistryError } from "../../errors.ts";
import { requireNoPageIn } from "../http/page.ts";
import { isRetriedStatus, Transient, type Tries } from "../http/patience.ts";
import type { TransportResponse } from "../http/transport.ts";
import { sessionOf, type BlobUpload, type UploadTarget } from "./upload-session.ts";

/** Who takes less than this, and not even a quarter of what is sent, comes to no end in time. */
const LEAST_PROGRESS = 16 * 1024;

export interface ChunkRequest {
  readonly chunk: Buffer;
  readonly start: number;
  readonly location: URL;
  /** As small as the registry takes any but the last. */
  readonly minChunk: number;
}

/** How far an upload has come, and where it goes on. */
interface Progress {
  readonly location: URL;
  /** Bytes that the registry has. */
  readonly received: number;
}

/**
 * Sends a part of a blob in one PATCH request, and what the registry did not take of it in further ones.
 * After one that failed it is asked what it has.
 */
export async function sendPiece(
  target: UploadTarget,
  upload: BlobUpload,
  request: ChunkRequest,
): Promise<URL> {
  const end = request.start + request.chunk.length;
  const sending = { target, upload, tries: target.client.patience.tries(upload.signal) };
  let left = request;
  for (;;) {
    const { location, received } = await advance(sending, left);
    if (received === end) return location;
    const chunk = left.chunk.subarray(received - left.start);
    left = { ...left, chunk, start: received, location };
  }
}

interface Sending {
  readonly target: UploadTarget;
  readonly upload: BlobUpload;
  readonly tries: Tries;
}

async function advance(
  { target, upload, tries }: Sending,
  request: ChunkRequest,
): Promise<Progress> {
  const { start, location } = request;
  const end = start + request.chunk.length;
  let reached: Progress;
  try {
    reached = await patch(target, upload, request);
  } catch (error) {
    upload.signal?.throwIfAborted();
    if (!isOutOfStep(error)) throw error;
    await tries.next(new Transient(error));
    const status = await readStatus(target, upload, location);
    // What it had before cannot be sent again from here: the whole blob starts over.
    if (status.received < start || status.received > end) throw error;
    return status;
  }
  const taken = reached.received - start;
  if (taken < Math.min(LEAST_PROGRESS, request.chunk.length / 4)) {
    await tries.next(new Transient(tookLittle(target, taken)));
  }
  return reached;
}

function tookLittle({ client, repository }: UploadTarget, bytes: number): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_FAILED",
    `Cannot push a blob to ${repository} at ${client.name}: of what is sent it takes ${bytes} bytes at a time`,
    { status: 202 },
  );
}

/** @throws RegistryError also where it answers with a page for people */
async function patch(
  target: UploadTarget,
  upload: BlobUpload,
  { chunk, start, location }: ChunkRequest,
): Promise<Progress> {
  const end = start + chunk.length;
  const range = `${start}-${end - 1}`;
  const action = `push bytes ${range} of blob ${upload.expected.digest} to ${target.repository}`;
  const response = await target.client.request({
    method: "PATCH",
    path: location,
    action,
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
  await requireNoPageIn(response, { action, registry: target.client.name });
  const whole = { location: nextLocation(response, location), received: end };
  const isPart = ({ received }: Progress): boolean => received > start && received < end;
  if (!isPart({ ...whole, received: receivedBy(response) })) return whole;
  // What is said here is wrong at some: a part is believed to whoever says it twice.
  const status = await readStatus(target, upload, whole.location);
  return isPart(status) ? status : { ...status, received: end };
}

/** Both sides may disagree on what has arrived: after a broken connection, a refusal for now, or a 416. */
function isOutOfStep(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || error.kind === "refused") return false;
  return error.status === 0 || error.status === 416 || isRetriedStatus(error.status);
}

/** What the registry has so far (end-13). `0-0` is nothing or one byte: it counts as nothing. */
export async function readStatus(
  target: UploadTarget,
  upload: BlobUpload & { readonly retry?: boolean },
  location: URL,
): Promise<Progress> {
  const response = await target.client.request({
    method: "GET",
    path: location,
    action: `ask for the state of the upload of ${upload.expected.digest}`,
    scopes: target.scopes,
    accept: [200, 202, 204],
    retry: upload.retry,
    signal: upload.signal,
  });
  await response.discard();
  return { location: nextLocation(response, location), received: receivedBy(response) };
}

function receivedBy(response: TransportResponse): number {
  const last = Number(/-(\d+)$/.exec(response.header("range") ?? "")?.[1] ?? 0);
  return last === 0 ? 0 : last + 1;
}

/** Where the upload goes on: whoever names no other place means the same one. */
function nextLocation(response: TransportResponse, location: URL): URL {
  return (response.header("location") ?? "") === "" ? location : sessionOf(response).location;
}
