/** How long a change that nobody waits for may stay in memory only. */
const MAX_DELAY_MS = 1000;

/**
 * Saves a state that changes often and is written whole. Changes that come while a write runs share
 * the next one: a hundred clients at once cost a few writes, not a hundred.
 */
export class WriteBehind {
  readonly #write: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #dirty = false;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `write` takes what it saves before it first waits. */
  constructor(write: () => Promise<void>, onError: (error: unknown) => void) {
    this.#write = write;
    this.#onError = onError;
  }

  /** Something changed; it will be saved soon. */
  changed(): void {
    this.#dirty = true;
    this.#timer ??= setTimeout(() => {
      this.saved().catch(this.#onError);
    }, MAX_DELAY_MS).unref();
  }

  /** Resolves when everything that has changed so far is saved. */
  saved(): Promise<void> {
    if (!this.#dirty) return this.#running;
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void>): Promise<void> {
    await running.catch(() => {});
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dirty = false;
    this.#next = undefined;
    this.#running = this.#write();
    try {
      await this.#running;
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }
}
