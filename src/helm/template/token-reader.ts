import { tokenize, type Token } from "./lexer.ts";
import { TemplateError } from "./template-error.ts";

/** Tokens one after the other. `undefined` is the end of the template. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  /** Names the template in messages. */
  readonly file: string;
  #next = 0;

  /** @throws TemplateError for what is no token */
  constructor(source: string, file: string) {
    this.#tokens = tokensOf(source, file);
    this.#source = source;
    this.file = file;
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#next + ahead];
  }

  next(): Token | undefined {
    return this.#tokens[this.#next++];
  }

  /** Takes the next token if it is one of these words. */
  takeWord<W extends string>(...words: readonly W[]): W | undefined {
    const token = this.peek();
    const word = token?.kind === "word" ? words.find((one) => one === token.text) : undefined;
    if (word !== undefined) this.#next++;
    return word;
  }

  takeSymbol(symbol: string): boolean {
    const token = this.peek();
    const is = token?.kind === "symbol" && token.text === symbol;
    if (is) this.#next++;
    return is;
  }

  /** Takes a literal string. */
  string(): string {
    const token = this.next();
    if (token?.kind === "constant" && typeof token.value === "string") return token.value;
    throw this.error("expected a name in quotes");
  }

  atClose(): boolean {
    return this.peek()?.kind === "close";
  }

  /** Takes the end of an action. */
  close(): void {
    if (this.next()?.kind !== "close") throw this.error("unexpected operand");
  }

  line(): number {
    return (this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] ?? { line: 1 }).line;
  }

  /** Where in the source the next token stands. */
  position(): number {
    return this.peek()?.at ?? 0;
  }

  /** What is written between `position` and the next token. */
  writtenSince(position: number): string {
    return this.#source.slice(position, this.position()).trim();
  }

  error(reason: string): TemplateError {
    return new TemplateError(reason, `${this.file}:${this.line()}`);
  }
}

function tokensOf(source: string, file: string): readonly Token[] {
  try {
    return tokenize(source);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new TemplateError(error.message.replace(/^Cannot evaluate /, ""), file);
  }
}
