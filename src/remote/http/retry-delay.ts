const FIRST_DELAY = 500;
const MAX_DELAY = 30_000;
/** A registry may ask for patience, not for the whole maintenance window. */
const MAX_RETRY_AFTER = 5 * 60_000;

/** Milliseconds to wait before attempt `attempt` + 1; `retryAfter` is what the answer asks for. */
export type RetryDelay = (attempt: number, retryAfter: string | undefined) => number;

/**
 * Milliseconds to wait before attempt `attempt` + 1: exponential with full jitter, and never less
 * than `Retry-After` asks for. Who asks for no time at all would otherwise be asked without end.
 */
export function retryDelay(attempt: number, retryAfter: string | undefined): number {
  const ceiling = Math.min(FIRST_DELAY * 2 ** attempt, MAX_DELAY);
  const usual = ceiling / 2 + Math.random() * (ceiling / 2);
  return Math.max(usual, Math.min(parseRetryAfter(retryAfter) ?? 0, MAX_RETRY_AFTER));
}

/** So many seconds are no wait but a time: since 1970 instead of from now. */
const EPOCH_SECONDS = 1_000_000_000;

/**
 * Seconds or an HTTP date (RFC 9110 §10.2.3), in milliseconds from now. Docker Hub and others give the
 * seconds since 1970 at which to come again.
 */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) {
    const seconds = Number(value);
    const isTime = seconds >= EPOCH_SECONDS && seconds < 10 * EPOCH_SECONDS;
    return isTime ? seconds * 1000 - Date.now() : seconds * 1000;
  }
  // Date.parse takes "-1" for a year; an HTTP date begins with the day of the week.
  const date = /^[A-Z][a-z]/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : date - Date.now();
}
