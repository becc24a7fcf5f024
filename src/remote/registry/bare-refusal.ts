import type { TransportResponse } from "../http/transport.ts";
import type { ExchangeRequest } from "./exchange.ts";

/** Refusals that are worth nothing without their reason, which an answer to HEAD cannot have. */
const NEED_A_REASON: ReadonlySet<number> = new Set([400, 403, 429]);

/**
 * The answer to a request; in the place of a HEAD that was refused, the answer to the same GET, which
 * has a reason in it. Where GET is let through and HEAD is not, that is as good as "no HEAD here".
 */
export async function withReason(
  response: TransportResponse,
  request: ExchangeRequest,
  send: (request: ExchangeRequest) => Promise<TransportResponse>,
): Promise<TransportResponse> {
  if (request.method !== "HEAD" || !NEED_A_REASON.has(response.status)) return response;
  await response.discard();
  // Of a blob that comes after all, one byte is enough; a document is as small as its reason.
  const range = response.url.pathname.includes("/blobs/") ? { range: "bytes=0-0" } : {};
  const reason = await send({
    ...request,
    method: "GET",
    headers: { ...request.headers, ...range },
  });
  // Who asks to wait is waited for, whatever is said to another question.
  const isAnother = response.status === 429 ? reason.status !== 429 : reason.status === 416;
  if (reason.status >= 300 && !isAnother) return reason;
  await reason.discard();
  return isAnother ? response : { ...reason, status: 405 };
}
