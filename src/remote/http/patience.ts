import type { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import { MAX_ATTEMPTS, pause, retryDelay, type RetryDelay } from "./retry.ts";

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
