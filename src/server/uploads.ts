import type { Digest, DigestAlgorithm } from "../oci/digest.ts";
import { ApiError, uploadUnknown } from "./api-error.ts";
import { chunkOf, progressOf } from "./chunk.ts";
import { locationOf, sendEmpty, untimed, writerOf, type Exchange } from "./exchange.ts";
import { checkName, requireDigest } from "./route.ts";
import type { IncomingBlob } from "./incoming-blob.ts";

interface UploadRoute {
  readonly name: string;
  readonly id: string;
}

/**
 * Begins an upload, or does without one: mounts the blob, or takes it whole with this request.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
 */
export async function startUpload(exchange: Exchange, { name }: { name: string }): Promise<void> {
  const { query } = exchange;
  const writer = writerOf(exchange);
  const mount = query.get("mount");
  if (mount !== null && (await mounted(exchange, name, requireDigest(mount)))) return;
  const whole = query.get("digest");
  const digest = whole === null ? undefined : requireDigest(whole);
  const upload = await writer.startUpload(name, algorithmOfRequest(query, digest));
  if (digest === undefined) {
    sendProgress(exchange, upload, 202);
    return;
  }
  try {
    await receive(exchange, upload, () => writer.commitUpload(upload, digest));
  } catch (error) {
    // Nobody was told where to go on.
    await writer.cancelUpload(upload);
    throw error;
  }
  sendCreated(exchange, name, digest);
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks */
export async function continueUpload(exchange: Exchange, route: UploadRoute): Promise<void> {
  const upload = findUpload(exchange, route);
  await receive(exchange, upload);
  sendProgress(exchange, upload, 202);
}

export async function finishUpload(exchange: Exchange, route: UploadRoute): Promise<void> {
  const writer = writerOf(exchange);
  const upload = findUpload(exchange, route);
  const digest = requireDigest(exchange.query.get("digest") ?? "");
  await receive(exchange, upload, () => writer.commitUpload(upload, digest));
  sendCreated(exchange, route.name, digest);
}

/** Who asks has nothing under way any more: a request that hangs is ended, so that the answer holds. */
export async function uploadStatus(exchange: Exchange, route: UploadRoute): Promise<void> {
  await findUpload(exchange, route).exclusive(
    () => {},
    async () => {},
  );
  sendProgress(exchange, findUpload(exchange, route), 204);
}

export async function cancelUpload(exchange: Exchange, route: UploadRoute): Promise<void> {
  const upload = findUpload(exchange, route);
  await upload.exclusive(
    () => {},
    () => writerOf(exchange).cancelUpload(upload),
  );
  sendEmpty(exchange, 204, {});
}

async function mounted(exchange: Exchange, name: string, digest: Digest): Promise<boolean> {
  const from = exchange.query.get("from") ?? undefined;
  if (from !== undefined) checkName(from, "GET");
  if (!(await writerOf(exchange).mount(digest, name, from))) return false;
  sendCreated(exchange, name, digest);
  return true;
}

/** What `?digest-algorithm=` or the digest itself says; anything else is hashed again at the end. */
function algorithmOfRequest(query: URLSearchParams, digest: Digest | undefined): DigestAlgorithm {
  const wanted = query.get("digest-algorithm") ?? digest?.split(":")[0] ?? "sha256";
  if (wanted === "sha256" || wanted === "sha512") return wanted;
  throw new ApiError("DIGEST_INVALID", "expected digest algorithm sha256 or sha512");
}

function findUpload(exchange: Exchange, { name, id }: UploadRoute): IncomingBlob {
  const upload = writerOf(exchange).findUpload(name, id);
  if (upload === undefined) throw uploadUnknown(id.slice(0, 100));
  return upload;
}

/** Takes the body of this request into the upload, then does `then` before anybody else has a turn. */
async function receive(
  exchange: Exchange,
  upload: IncomingBlob,
  then: () => Promise<void> = async () => {},
): Promise<void> {
  const { request } = exchange;
  let receiving = true;
  const stop = (): void => {
    if (receiving) request.destroy();
  };
  await upload.exclusive(stop, async () => {
    // Whoever had the turn before may have finished or canceled it.
    findUpload(exchange, upload.identity);
    await upload.append(chunkOf(exchange, upload));
    receiving = false;
    await untimed(request, then);
  });
}

function sendProgress(exchange: Exchange, upload: IncomingBlob, status: 202 | 204): void {
  sendEmpty(exchange, status, progressOf(exchange, upload));
}

function sendCreated(exchange: Exchange, name: string, digest: Digest): void {
  sendEmpty(exchange, 201, {
    Location: locationOf(exchange, `${name}/blobs/${digest}`),
    "Docker-Content-Digest": digest,
  });
}
