import type { Listener } from "../events.ts";

/** Less than this is sealed before anybody has read that it is. */
const WORTH_TELLING = 64 * 1024 * 1024;

/** Tells of the part of a bundle that is not sealed yet when all of its content has come. */
export class Sealing {
  readonly #onEvent: Listener | undefined;
  #left: number;
  #isTold = false;

  constructor(size: number, onEvent: Listener | undefined) {
    this.#left = size;
    this.#onEvent = onEvent;
  }

  /** All content has come. */
  begin(): void {
    this.#isTold = this.#left >= WORTH_TELLING;
    if (this.#isTold) this.#onEvent?.({ type: "stage", stage: "seal", bytes: this.#left });
  }

  note(bytes: number): void {
    this.#left -= bytes;
    if (this.#isTold) this.#onEvent?.({ type: "progress", bytes });
  }
}
