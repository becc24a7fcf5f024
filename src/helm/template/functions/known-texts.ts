import type { Budget } from "../budget.ts";
import { copyValue, type Value } from "../value.ts";

/** What a text says, and how many values that is. */
interface KnownText {
  readonly value: Value;
  readonly values: number;
}

/** Characters of texts that are kept: definitions that a chart reads from a file of its own have some three million. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** Reads a text, and says of each value that there is one. */
type Read = (text: string, onValue: () => void) => Value;

/**
 * Texts that templates read. A chart that is rendered again and again reads the same texts each time, and
 * a copy of what was read costs a fraction of reading it. A step is paid for each value all the same.
 */
export class KnownTexts {
  readonly #texts = new Map<string, KnownText>();
  readonly #read: Read;
  #characters = 0;

  constructor(read: Read) {
    this.#read = read;
  }

  /** Gives something new each time, which may be changed. @throws DrayError for what cannot be read */
  read(text: string, budget: Budget): Value {
    const known = this.#texts.get(text);
    if (known === undefined) return this.#readNew(text, budget);
    budget.step(known.values);
    return copyValue(known.value);
  }

  #readNew(text: string, budget: Budget): Value {
    let values = 0;
    const value = this.#read(text, () => {
      values++;
      budget.step();
    });
    this.#keep(text, { value: copyValue(value), values });
    return value;
  }

  #keep(text: string, known: KnownText): void {
    if (text.length > MAX_CHARACTERS) return;
    this.#characters += text.length;
    if (this.#characters > MAX_CHARACTERS) {
      this.#texts.clear();
      this.#characters = text.length;
    }
    this.#texts.set(text, known);
  }
}
