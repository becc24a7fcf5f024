import { TemplateError } from "../template-error.ts";

/** Characters of a regular expression, one after the other. */
export class PatternReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get done(): boolean {
    return this.#at >= this.#source.length;
  }

  at(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  take(text: string): boolean {
    const is = this.at(text);
    if (is) this.#at += text.length;
    return is;
  }

  peek(): string {
    const code = this.#source.codePointAt(this.#at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  next(): string {
    if (this.done) throw this.error("it ends too early");
    const character = this.peek();
    this.#at += character.length;
    return character;
  }

  /** Takes what a sticky pattern matches here. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  error(reason: string): TemplateError {
    const shown = JSON.stringify(this.#source.slice(0, 100));
    return new TemplateError(`error parsing regexp ${shown}: ${reason}`);
  }
}
