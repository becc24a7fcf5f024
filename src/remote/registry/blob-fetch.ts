import type { Bytes } from "../../content/content.ts";
import { RegistryError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { MAX_ATTEMPTS, type Patience } from "../http/patience.ts";
import type { TransportResponse } from "../http/transport.ts";
import { isConnectionFailure } from "../http/connection-failure.ts";

export interface BlobFetch {
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
  /** Sends the GET; 200 or 206. */
  readonly get: (headers: Record<string, string>) => Promise<TransportResponse>;
}

/**
 * The bytes of a blob. A connection that breaks in the middle is opened again where it broke, as
 * long as each attempt brings something.
 */
export async function* fetchBlob(
  { digest, size }: Descriptor,
  { offset, signal, patience, get }: BlobFetch,
): Bytes {
  let position = offset;
  for (let failures = 0; ; failures++) {
    const before = position;
    try {
      const response = await get(position === 0 ? {} : { range: `bytes=${position}-` });
      for await (const chunk of fromPosition(response, position)) {
        position += chunk.length;
        yield chunk;
      }
      return;
    } catch (cause) {
      signal?.throwIfAborted();
      if (!isConnectionFailure(cause)) throw cause;
      // Only the end of the answer was cut off, and that holds nothing.
      if (position >= size) return;
      if (position > before) failures = 0;
      const error = broken(digest, { position, size }, cause);
      if (failures >= MAX_ATTEMPTS - 1) throw error;
      await patience.wait(failures, { reason: error.message, signal });
    }
  }
}

/** A server that does not do ranges sends everything: what is there already is dropped. */
async function* fromPosition(response: TransportResponse, position: number): Bytes {
  const start = /^bytes (\d+)-/.exec(response.header("content-range") ?? "")?.[1];
  let skip = position;
  if (response.status === 206) {
    if (Number(start) !== position) throw wrongRange(response, position);
    skip = 0;
  }
  for await (const chunk of response.body) {
    if (skip < chunk.length) yield chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}

function wrongRange(response: TransportResponse, position: number): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_FAILED",
    `Cannot go on at byte ${position}: ${response.url.host} answered with another range`,
    { status: response.status },
  );
}

function broken(
  digest: string,
  { position, size }: { position: number; size: number },
  cause: unknown,
): RegistryError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RegistryError(
    "DRAY_REGISTRY_UNREACHABLE",
    `Cannot pull blob ${digest}: the connection broke after ${position} of ${size} bytes (${reason})`,
    { status: 0, cause, hint: "Run the same command again: it goes on where this one stopped." },
  );
}
