import type { DrayEvent } from "../../index.ts";

/** Of a host that is waited for, a line says so no more often than this. */
const SAID_AGAIN_MS = 30_000;

/** Eighty tries of one host are one line, and one more for each half minute. */
export class Retries {
  readonly #say: (text: string) => void;
  readonly #sayAll: boolean;
  /** When each host was last spoken of, and how often it was not. */
  readonly #waits = new Map<string, { said: number; unsaid: number }>();

  constructor(say: (text: string) => void, sayAll: boolean) {
    this.#say = say;
    this.#sayAll = sayAll;
  }

  note({ at, message }: Extract<DrayEvent, { type: "retry" }>, now: number): void {
    const { said, unsaid } = this.#waits.get(at) ?? { said: -SAID_AGAIN_MS, unsaid: 0 };
    if (!this.#sayAll && now - said < SAID_AGAIN_MS) {
      this.#waits.set(at, { said, unsaid: unsaid + 1 });
      return;
    }
    this.#say(unsaid === 0 ? message : `${message} (and ${unsaid} tries before)`);
    this.#waits.set(at, { said: now, unsaid: 0 });
  }

  /** Says what is not said yet. */
  end(): void {
    for (const [at, { unsaid }] of this.#waits) {
      if (unsaid > 0) this.#say(`${unsaid} more ${unsaid === 1 ? "try" : "tries"} at ${at}`);
    }
    this.#waits.clear();
  }
}
