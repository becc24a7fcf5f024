/** The rate is that of the last seconds: what was half an hour ago says nothing of what is to come. */
const WINDOW_MS = 15_000;

/** Marks are no closer: thousands of pieces pass in a second. */
const MARK_MS = 100;

/** Before so much time has passed and so much has moved nobody can say how long it will take. */
const SETTLED_MS = 3000;
const SETTLED_SHARE = 0.01;

interface Mark {
  readonly at: number;
  readonly moved: number;
}

/** How fast bytes move, and how long the rest will take. Times are milliseconds of whoever calls. */
export class Pace {
  #begun: number | undefined;
  /** The last seconds, oldest first, and one mark from before them. */
  #marks: Mark[] = [];
  #moved = 0;

  /** Bytes have moved. The first ones start the clock: what went before was no moving. */
  note(bytes: number, now: number): void {
    if (this.#begun === undefined) {
      this.#begun = now;
      this.#marks = [{ at: now, moved: 0 }];
    }
    this.#moved += bytes;
    const before = this.#marks.at(-2);
    if (before !== undefined && now - before.at < MARK_MS) this.#marks.pop();
    this.#marks.push({ at: now, moved: this.#moved });
    while ((this.#marks[1]?.at ?? now) <= now - WINDOW_MS) this.#marks.shift();
  }

  /** Bytes a second. */
  rate(now: number): number {
    const [oldest] = this.#marks;
    if (oldest === undefined) return 0;
    return ((this.#moved - oldest.moved) / Math.max(now - oldest.at, 1)) * 1000;
  }

  /** Seconds that `left` more bytes take; undefined where that cannot be said yet. */
  secondsFor(left: number, now: number): number | undefined {
    const rate = this.rate(now);
    const isLong = this.#begun !== undefined && now - this.#begun >= SETTLED_MS;
    const isSettled = isLong && this.#moved >= left * SETTLED_SHARE;
    return isSettled && rate > 0 ? left / rate : undefined;
  }
}
