const NOTICE_AFTER = 30_000;

/** Nothing comes back for a request that is sent: whoever looks on hears so once. */
export class Silence {
  readonly #after: number;
  readonly #onSilence: ((seconds: number) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(after = NOTICE_AFTER, onSilence?: (seconds: number) => void) {
    this.#after = after;
    this.#onSilence = onSilence;
  }

  begin(): void {
    if (this.#onSilence === undefined || this.#isOver) return;
    this.#timer = setTimeout(() => this.#onSilence?.(Math.round(this.#after / 1000)), this.#after);
  }

  /** The answer is there, or nobody waits for it any more. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
