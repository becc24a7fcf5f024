import type { RequestHead } from "../http/http-request.ts";
import { readStart, type TransportResponse } from "../http/transport.ts";

/** What refuses a login says so in a few words; as much as is read of any error. */
const MAX_REFUSAL_BYTES = 256 * 1024;

/** An answer that can be read, and whether it may refuse a request because its login has ended. */
interface Judged {
  readonly response: TransportResponse;
  readonly mayBeExpired: boolean;
}

/**
 * Reads a 403 to a request that was sent with a login: ECR says with that, and not with a 401, that a
 * token has expired.
 */
export async function readExpiry(
  response: TransportResponse,
  { method, sent }: { method: RequestHead["method"]; sent: string | undefined },
): Promise<Judged> {
  if (response.status !== 403 || sent === undefined) return { response, mayBeExpired: false };
  // An answer to HEAD says nothing: a login that may have ended is replaced if there is another one.
  if (method === "HEAD") return { response, mayBeExpired: sent.startsWith("Basic ") };
  const bytes = await readStart(response, MAX_REFUSAL_BYTES);
  const mayBeExpired = /\btoken\b[^"]{0,80}\bexpired\b|\bexpired\b[^"]{0,80}\btoken\b/i.test(
    bytes.toString("utf8"),
  );
  return { response: { ...response, body: once(bytes), discard: async () => {} }, mayBeExpired };
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
