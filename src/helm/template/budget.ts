import { BudgetError } from "./template-error.ts";

/**
 * What evaluating templates may use; every template is a stranger's program. Work is counted and no
 * clock is read: a chart has the same images on every machine.
 */
export interface BudgetLimits {
  /** Nodes evaluated and values made. @default 4 million, a hundred times the largest chart known */
  readonly steps?: number;
  /** Characters that functions and actions produce. @default 128 Mi */
  readonly characters?: number;
}

const MAX_STEPS = 4_000_000;
const MAX_CHARACTERS = 128 * 1024 * 1024;

/** One string; Kubernetes takes no object of a tenth of it. */
const MAX_STRING = 16 * 1024 * 1024;

/** `include` within `include`: real charts stay below 40, the stack of the machine ends beyond 1000. */
const MAX_DEPTH = 200;

export class Budget {
  readonly #limits: Required<BudgetLimits>;
  #steps = 0;
  #characters = 0;
  #depth = 0;
  #spent = false;

  constructor(limits: BudgetLimits = {}) {
    this.#limits = {
      steps: limits.steps ?? MAX_STEPS,
      characters: limits.characters ?? MAX_CHARACTERS,
    };
  }

  /** True once something is used up; whatever asks for more is refused. */
  get spent(): boolean {
    return this.#spent;
  }

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > this.#limits.steps) throw this.#spend(`${this.#limits.steps} steps`);
  }

  /** Counts a string before or right after it is made. */
  text(length: number): void {
    this.#characters += length;
    if (length > MAX_STRING) throw new BudgetError(`a text of more than ${MAX_STRING} characters`);
    const { characters } = this.#limits;
    if (this.#characters > characters) throw this.#spend(`${characters} characters of output`);
  }

  /** One level deeper; whoever enters leaves, however that ends, unless this throws. */
  enter(): void {
    if (this.#depth >= MAX_DEPTH) {
      throw new BudgetError(`templates include each other more than ${MAX_DEPTH} levels deep`);
    }
    this.#depth++;
  }

  leave(): void {
    this.#depth--;
  }

  #spend(what: string): BudgetError {
    this.#spent = true;
    return new BudgetError(`more than ${what}`);
  }
}
