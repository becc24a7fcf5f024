/** The rate is that of the last seconds: what was half an hour ago says nothing of what is to come. */
const WINDOW_MS = 15_000;

/** Before so much time has passed and so much has moved nobody can say how long it will take. */
const SETTLED_MS = 3000;
const SETTLED_SHARE = 0.01;

interface Mark {
  readonly at: number;
  readonly moved: number;
}

/** How fast bytes move, and how long the rest will take. Times are milliseconds of whoever calls. */
export class Pace {
  readonly #begun: number;
  /** The last seconds, oldest first, and one mark from before them. */
  readonly #marks: Mark[];
  #moved = 0;

  constructor(now: number) {
    this.#begun = now;
    this.#marks = [{ at: now, moved: 0 }];
  }

  get moved(): number {
    return this.#moved;
  }

  note(bytes: number, now: number): void {
    this.#moved += bytes;
    this.#marks.push({ at: now, moved: this.#moved });
    while ((this.#marks[1]?.at ?? now) <= now - WINDOW_MS) this.#marks.shift();
  }

  /** Bytes a second. */
  rate(now: number): number {
    const [{ at, moved } = { at: this.#begun, moved: 0 }] = this.#marks;
    return ((this.#moved - moved) / Math.max(now - at, 1)) * 1000;
  }

  /** Seconds that the rest of `total` takes; undefined where that cannot be said yet. */
  secondsLeft(total: number, now: number): number | undefined {
    const rate = this.rate(now);
    const isSettled = now - this.#begun >= SETTLED_MS && this.#moved >= total * SETTLED_SHARE;
    if (!isSettled || rate <= 0) return undefined;
    return Math.max(0, total - this.#moved) / rate;
  }
}
