import type { Budget } from "./budget.ts";

/** What a template prints, and which of its lines printed it. */
export class Output {
  readonly #budget: Budget;
  readonly #lines: number[] | undefined;
  #text = "";

  /** `traced`: keep the lines. */
  constructor(budget: Budget, traced = false) {
    this.#budget = budget;
    this.#lines = traced ? [] : undefined;
  }

  /** `line` is the template's; a `verbatim` text stands there as it is, so its lines count on. */
  write(text: string, line: number, verbatim = false): void {
    if (text === "") return;
    this.#budget.text(text.length);
    this.#text += text;
    if (this.#lines === undefined) return;
    if (this.#lines.length === 0) this.#lines.push(line);
    let own = line;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
      if (verbatim) own++;
      this.#lines.push(own);
    }
  }

  text(): string {
    return this.#text;
  }

  /** Lines of the template, one for each line of the output. */
  lines(): readonly number[] {
    return this.#lines ?? [];
  }
}
