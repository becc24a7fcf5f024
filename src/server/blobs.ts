import type { Digest } from "../oci/digest.ts";
import { MediaType } from "../oci/media-type.ts";
import { ApiError, blobUnknown } from "./api-error.ts";
import { requireRepository, sendEmpty, writerOf, type Exchange } from "./exchange.ts";
import { sendContent, sendFile, type ContentAnswer } from "./send-content.ts";
import type { ServedRepository } from "./served-repository.ts";
import type { BlobSource } from "./catalog.ts";

/** Content that is named by its digest never changes. */
const CACHE_CONTROL = "max-age=31536000";

/** Both ends are included, as in the header. */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

interface BlobRoute {
  readonly name: string;
  readonly digest: Digest;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs */
export async function readBlob(exchange: Exchange, { name, digest }: BlobRoute): Promise<void> {
  const { request, catalog } = exchange;
  const repository = requireRepository(exchange, name);
  const size = await sizeIn(repository, digest, catalog.blobs);
  if (size === undefined) throw blobUnknown(digest);
  const headers = {
    "Content-Type": MediaType.octetStream,
    "Docker-Content-Digest": digest,
    "Accept-Ranges": "bytes",
    "Cache-Control": CACHE_CONTROL,
    ETag: `"${digest}"`,
  };
  if (request.method === "HEAD") {
    exchange.response.writeHead(200, { ...headers, "Content-Length": size }).end();
    return;
  }
  const range = rangeOf(exchange, { digest, size });
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const answer: ContentAnswer = {
    status: range === undefined ? 200 : 206,
    headers:
      range === undefined
        ? headers
        : { ...headers, "Content-Range": `bytes ${start}-${end}/${size}` },
    length: end - start + 1,
  };
  const path = catalog.blobs.blobFile?.(digest);
  if (path !== undefined) {
    await sendFile(exchange, { path, start }, answer);
    return;
  }
  const descriptor = { mediaType: MediaType.octetStream, digest, size };
  await sendContent(exchange, catalog.blobs.fetch(descriptor, { offset: start }), answer);
}

/** The size of a blob that is in `repository` and really there. */
export async function sizeIn(
  repository: ServedRepository,
  digest: Digest,
  blobs: BlobSource,
): Promise<number | undefined> {
  const size = repository.blobSize(digest);
  if (size === undefined || blobs.sizeOf === undefined) return size;
  return blobs.sizeOf({ mediaType: MediaType.octetStream, digest, size });
}

function rangeOf(
  { request }: Exchange,
  { digest, size }: { digest: Digest; size: number },
): ByteRange | undefined {
  const condition = request.headers["if-range"];
  if (condition !== undefined && condition !== `"${digest}"`) return undefined;
  const range = parseRange(request.headers.range, size);
  if (range !== "unsatisfiable") return range;
  throw new ApiError("SIZE_INVALID", `the blob has ${size} bytes`, {
    status: 416,
    headers: { "Content-Range": `bytes */${size}` },
  });
}

const SINGLE_RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * Reads a `Range` header for content of `size` bytes. Undefined: send everything, as for several
 * ranges at once, which no client of a registry needs.
 * https://www.rfc-editor.org/rfc/rfc9110.html#name-range-requests
 */
function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = SINGLE_RANGE.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  const range =
    first === ""
      ? { start: Math.max(0, size - Number(last)), end: size - 1 }
      : { start: Number(first), end: Math.min(last === "" ? size : Number(last), size - 1) };
  return range.start > range.end ? "unsatisfiable" : range;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#deleting-blobs */
export async function deleteBlob(exchange: Exchange, { name, digest }: BlobRoute): Promise<void> {
  const writer = writerOf(exchange);
  const repository = requireRepository(exchange, name);
  if (!(await writer.deleteBlob(repository, digest))) throw blobUnknown(digest);
  sendEmpty(exchange, 202, {});
}
