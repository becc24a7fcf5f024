/** What was made last stays; a search comes back to the few steps before. */
const MAX_KEPT = 8;

interface Made<T> {
  readonly of: readonly unknown[];
  readonly result: T;
}

/** The last results of something that takes long, each known by all that it was made of. */
export class Latest<T> {
  readonly #made: Made<T>[] = [];

  /** What was made of the same, in the same order, or else what `make` makes. */
  get(of: readonly unknown[], make: () => T): T {
    const at = this.#made.findIndex(
      (one) => one.of.length === of.length && one.of.every((part, index) => part === of[index]),
    );
    const [known = { of, result: make() }] = at === -1 ? [] : this.#made.splice(at, 1);
    this.#made.unshift(known);
    this.#made.length = Math.min(this.#made.length, MAX_KEPT);
    return known.result;
  }
}
