/** Smaller pieces would be requests without end, and no proxy is meant to be so strict. */
const LEAST_BYTES = 32 * 1024;

/**
 * How large a request a host takes, as far as it has shown: a proxy before it (nginx by default at 1 MiB)
 * answers 413 to what is larger, for this blob as for the next one.
 */
export class RequestLimit {
  #bytes = Number.POSITIVE_INFINITY;

  /** What has not been refused yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A request of so many bytes was too large. False if there is nothing smaller to try. */
  refuse(bytes: number, { least = 0, most }: { least?: number; most: number }): boolean {
    const next = Math.min(this.#bytes, bytes > most ? most : Math.floor(bytes / 2));
    if (next < Math.max(LEAST_BYTES, least)) return false;
    this.#bytes = next;
    return true;
  }
}
