import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "../../errors.ts";

export const MAX_ATTEMPTS = 6;
const FIRST_DELAY = 500;
const MAX_DELAY = 30_000;
/** A registry may ask for patience, not for the whole maintenance window. */
const MAX_RETRY_AFTER = 5 * 60_000;

const RETRIED_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

const RETRIED_CODES: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
]);

export function isRetriedStatus(status: number): boolean {
  return RETRIED_STATUS.has(status);
}

/** True for failures of the connection, which may go better the next time. */
export function isConnectionFailure(error: unknown): boolean {
  return RETRIED_CODES.has(systemCode(error) ?? "");
}

/** Something listens there and speaks another protocol. undici knows no code for that. */
export function isOtherProtocol(error: unknown): boolean {
  return error instanceof Error && error.name === "HTTPParserError";
}

/** Milliseconds to wait before attempt `attempt` + 1; `retryAfter` is what the answer asks for. */
export type RetryDelay = (attempt: number, retryAfter: string | undefined) => number;

/**
 * Milliseconds to wait before attempt `attempt` + 1: what `Retry-After` asks for, else exponential
 * with full jitter.
 */
export function retryDelay(attempt: number, retryAfter: string | undefined): number {
  const asked = parseRetryAfter(retryAfter);
  if (asked !== undefined) return Math.min(asked, MAX_RETRY_AFTER);
  const ceiling = Math.min(FIRST_DELAY * 2 ** attempt, MAX_DELAY);
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), in milliseconds from now. */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  // Date.parse takes "-1" for a year; an HTTP date begins with the day of the week.
  const date = /^[A-Z][a-z]/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Waits, unless the signal says that nobody wants the result any more. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
