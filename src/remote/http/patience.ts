import type { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { retryDelay, type RetryDelay } from "./retry-delay.ts";

/** What one request waits in all before it gives up: a registry that is restarted is back by then. */
const RETRY_FOR = 2 * 60_000;
/** What a registry takes to notice what it has just been sent: caches and copies of a database lag. */
const SETTLE_FOR = 30_000;
/** Whoever looks on wonders why nothing happens. */
const NOTICED_DELAY = 2000;
/** However short the waits are made, there is an end to them. */
const LEAST_COUNTED_DELAY = 100;

const RETRIED_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export interface PatienceOptions {
  /** How long to wait before each further attempt. @default exponential, or what is asked for */
  readonly retryDelay?: RetryDelay | undefined;
  /** How long a request waits for better times, all its waits added up, in ms. @default 2 minutes */
  readonly retryFor?: number | undefined;
  /** @default the system's */
  readonly clock?: Clock | undefined;
}

/** A failure that may go better the next time. */
export class Transient extends Error {
  /** What is thrown when there is no next time. */
  readonly error: DrayError;
  /** `Retry-After` of the answer. */
  readonly retryAfter: string | undefined;
  /** Milliseconds that went by in vain before it was noticed. */
  readonly lost: number;

  constructor(
    error: DrayError,
    { retryAfter, lost = 0 }: { retryAfter?: string | undefined; lost?: number } = {},
  ) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfter = retryAfter;
    this.lost = lost;
  }
}

/**
 * How the client of one registry waits: longer after each failure, and as long as the registry asks
 * it to. Who is asked to wait is the client, so all of its requests do.
 */
export class Patience {
  /** Who is waited for, in messages. */
  readonly #name: string;
  readonly #retryDelay: RetryDelay;
  readonly #retryFor: number;
  readonly #clock: Clock;
  readonly #onEvent: Listener | undefined;
  /** No request goes out before this time, in milliseconds since the epoch. */
  #notBefore = 0;
  /** Until the registry answers again, a hundred requests do not each wait for it in vain. */
  #hasGivenUp = false;

  constructor(name: string, options: PatienceOptions = {}, onEvent?: Listener) {
    this.#name = name;
    this.#retryDelay = options.retryDelay ?? retryDelay;
    this.#retryFor = options.retryFor ?? RETRY_FOR;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#onEvent = onEvent;
  }

  /** Works until it succeeds, fails with something else than `Transient`, or has waited enough. */
  async persist<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const tries = this.tries(signal);
    for (;;) {
      try {
        return await this.once(work, signal);
      } catch (failure) {
        if (!(failure instanceof Transient)) throw failure;
        await tries.next(failure);
      }
    }
  }

  /**
   * Works until an answer is no longer one of those that `isLate` tells: what was written a moment ago
   * may not be seen everywhere yet. Half a minute at most, then that answer is what is thrown.
   */
  async settle<T>(
    work: () => Promise<T>,
    isLate: (error: unknown) => error is DrayError,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const retryFor = Math.min(SETTLE_FOR, this.#retryFor);
    const tries = new Tries((failure, so) => this.#delay(failure, { ...so, retryFor, signal }));
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isLate(error)) throw error;
        await tries.next(new Transient(error));
      }
    }
  }

  /** Works once, when the registry lets it. @throws Transient where another try may go better */
  async once<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await this.#untilWelcome(signal);
    try {
      const result = await work();
      this.#hasGivenUp = false;
      return result;
    } catch (failure) {
      const asked = failure instanceof Transient ? failure.retryAfter : undefined;
      if (asked !== undefined) {
        this.#notBefore = Math.max(this.#notBefore, this.#clock.now() + this.#retryDelay(0, asked));
      }
      throw failure;
    }
  }

  /** What one piece of work has of this patience. */
  tries(signal: AbortSignal | undefined): Tries {
    return new Tries((failure, so) => this.#wait(failure, { ...so, signal }));
  }

  /** As `#delay`, with all the patience that there is, and none after it has been used up once. */
  async #wait(failure: Transient, so: Waiting): Promise<number> {
    const isOver = so.waited >= this.#retryFor || this.#hasGivenUp;
    this.#hasGivenUp ||= isOver;
    return this.#delay(failure, { ...so, retryFor: isOver ? 0 : this.#retryFor });
  }

  /** Waits and says how much of the patience that was. @throws DrayError when none is left */
  async #delay(
    { error, retryAfter, lost }: Transient,
    { attempt, waited, retryFor, signal }: Waiting & { readonly retryFor: number },
  ): Promise<number> {
    if (waited >= retryFor) throw error;
    const delay = this.#retryDelay(attempt, retryAfter);
    const until = delay < retryFor ? `, for ${inWords(retryFor)} in all` : ", once";
    this.#say(`${error.message}; trying again in ${inWords(delay)}${until}`);
    await this.#clock.sleep(delay, signal);
    return Math.max(delay, LEAST_COUNTED_DELAY) + lost;
  }

  async #untilWelcome(signal: AbortSignal | undefined): Promise<void> {
    const delay = this.#notBefore - this.#clock.now();
    if (delay > NOTICED_DELAY) this.#say(`${this.#name} asks to wait for ${inWords(delay)}`);
    if (delay > 0) await this.#clock.sleep(delay, signal);
  }

  #say(message: string): void {
    this.#onEvent?.({ type: "retry", at: this.#name, message });
  }
}

interface Waiting {
  readonly attempt: number;
  readonly waited: number;
  readonly signal?: AbortSignal | undefined;
}

/** The tries of one piece of work, and how long it has waited between them. */
export class Tries {
  readonly #wait: (failure: Transient, so: Waiting) => Promise<number>;
  #attempt = 0;
  #waited = 0;

  constructor(wait: (failure: Transient, so: Waiting) => Promise<number>) {
    this.#wait = wait;
  }

  /** Waits until it is time for the next try. @throws DrayError, what failed, if there is none */
  async next(failure: Transient): Promise<void> {
    const so = { attempt: this.#attempt++, waited: this.#waited };
    this.#waited += await this.#wait(failure, so);
  }

  /** Something was achieved: whatever fails next fails for the first time. */
  reset(): void {
    this.#attempt = 0;
    this.#waited = 0;
  }
}

export function isRetriedStatus(status: number): boolean {
  return RETRIED_STATUS.has(status);
}

function inWords(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
