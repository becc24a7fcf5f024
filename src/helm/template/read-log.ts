import type { Read } from "./origin.ts";
import type { Value } from "./value.ts";

/** What was looked at while something was evaluated. */
export interface Looked {
  readonly reads: readonly Read[];
  /** Values that were compared with each other. */
  readonly compared: readonly (readonly Value[])[];
}

export const LOOKED_AT_NOTHING: Looked = { reads: [], compared: [] };

/**
 * A condition that looks at more than this says nothing about any of it. What a variable looked at
 * is passed on to all that use it, so without an end it would grow with every use.
 */
const MAX_READS = 64;
const MAX_COMPARED = 32;

/** Notes reads while somebody wants to know, and costs next to nothing otherwise. */
export class ReadLog {
  readonly enabled: boolean;
  #reads: Read[] = [];
  #compared: (readonly Value[])[] = [];
  #depth = 0;

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  get active(): boolean {
    return this.#depth > 0;
  }

  add(reads: readonly Read[]): void {
    if (this.active) this.#reads.push(...reads);
  }

  compared(values: readonly Value[]): void {
    if (this.active) this.#compared.push(values);
  }

  /** Runs `action`, then tells `done` what it looked at, even if it failed. */
  capture<T>(action: () => T, done: (looked: Looked) => void): T {
    if (!this.enabled) return action();
    const reads = this.#reads.length;
    const compared = this.#compared.length;
    this.#depth++;
    try {
      return action();
    } finally {
      this.#depth--;
      done({
        reads: this.#reads.slice(reads, reads + MAX_READS),
        compared: this.#compared.slice(compared, compared + MAX_COMPARED),
      });
      if (!this.active) this.#clear();
    }
  }

  #clear(): void {
    this.#reads = [];
    this.#compared = [];
  }
}
