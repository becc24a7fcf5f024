import { setTimeout as sleep } from "node:timers/promises";
import type { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";

export const MAX_ATTEMPTS = 6;
const FIRST_DELAY = 500;
const MAX_DELAY = 30_000;
/** A registry may ask for patience, not for the whole maintenance window. */
const MAX_RETRY_AFTER = 5 * 60_000;

const RETRIED_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Milliseconds to wait before attempt `attempt` + 1; `retryAfter` is what the answer asks for. */
export type RetryDelay = (attempt: number, retryAfter: string | undefined) => number;

/** A failure that may go better the next time. */
export class Transient extends Error {
  /** What is thrown when there is no next time. */
  readonly error: DrayError;
  /** `Retry-After` of the answer. */
  readonly retryAfter: string | undefined;

  constructor(error: DrayError, retryAfter?: string) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

interface Wait {
  readonly reason: string;
  readonly retryAfter?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How the client of one registry waits: longer after each failure, and as long as the registry asks
 * it to. Who is asked to wait is the client, so all of its requests do.
 */
export class Patience {
  readonly #retryDelay: RetryDelay;
  readonly #onEvent: Listener | undefined;
  /** No request goes out before this time, in milliseconds since the epoch. */
  #notBefore = 0;
  /** Until the registry answers again, a hundred requests do not each wait for it in vain. */
  #hasGivenUp = false;

  constructor(delay: RetryDelay = retryDelay, onEvent?: Listener) {
    this.#retryDelay = delay;
    this.#onEvent = onEvent;
  }

  /** Works until it succeeds, fails with something else than `Transient`, or was tried enough. */
  async persist<T>(
    work: () => Promise<T>,
    { attempts = MAX_ATTEMPTS, signal }: { attempts?: number; signal?: AbortSignal | undefined },
  ): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      await this.#untilWelcome(signal);
      try {
        const result = await work();
        this.#hasGivenUp = false;
        return result;
      } catch (failure) {
        if (!(failure instanceof Transient)) throw failure;
        const { error, retryAfter } = failure;
        if (attempt < attempts - 1 && !this.#hasGivenUp) {
          await this.wait(attempt, { reason: error.message, retryAfter, signal });
          continue;
        }
        this.#note(attempt, retryAfter);
        this.#hasGivenUp ||= attempts > 1;
        throw error;
      }
    }
  }

  /** Waits before attempt `attempt` + 1. */
  async wait(attempt: number, { reason, retryAfter, signal }: Wait): Promise<void> {
    const delay = this.#note(attempt, retryAfter);
    const seconds = (delay / 1000).toFixed(1);
    this.#onEvent?.({ type: "retry", message: `${reason}; trying again in ${seconds} s` });
    await pause(delay, signal);
  }

  #note(attempt: number, retryAfter: string | undefined): number {
    const delay = this.#retryDelay(attempt, retryAfter);
    if (retryAfter !== undefined) this.#notBefore = Math.max(this.#notBefore, Date.now() + delay);
    return delay;
  }

  async #untilWelcome(signal: AbortSignal | undefined): Promise<void> {
    const delay = this.#notBefore - Date.now();
    if (delay > 0) await pause(delay, signal);
  }
}

export function isRetriedStatus(status: number): boolean {
  return RETRIED_STATUS.has(status);
}

/**
 * Milliseconds to wait before attempt `attempt` + 1: what `Retry-After` asks for, else exponential
 * with full jitter.
 *
 * @internal for tests
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
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
