import { numberOf, unquote } from "./literals.ts";
import { TemplateError } from "./template-error.ts";

/** `line` and `at` say where it begins. */
export type Token = { readonly line: number; readonly at: number } & (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "open" | "close" }
  | { readonly kind: "constant"; readonly value: string | bigint | number }
  | { readonly kind: "word" | "symbol"; readonly text: string }
  /** `.a.b`, `$x.a`: `glued` when it stands right behind what it is a field of. */
  | {
      readonly kind: "field" | "variable";
      readonly names: readonly string[];
      readonly glued: boolean;
    }
);

const SPACE = /[ \t\r\n]+/y;
const CLOSE = /(?:[ \t\r\n]-)?\}\}/y;
const COMMENT = /\{\{(?:-[ \t\r\n]+)?\/\*[^]*?\*\/(?:[ \t\r\n]+-)?\}\}/y;
const FIELD = /(?:\.[\p{L}\p{Nd}_]+)+/uy;
const VARIABLE = /\$[\p{L}\p{Nd}_]*(?:\.[\p{L}\p{Nd}_]+)*/uy;
const WORD = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?[pP][+-]?\d+|0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)(?![\p{L}\p{Nd}_])/uy;
const STRING = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'/y;
const SYMBOL = /:=|[=|(),.]/y;

/**
 * Splits a template into text and the tokens of its actions.
 * https://pkg.go.dev/text/template@go1.25.0#hdr-Text_and_spaces
 * @throws TemplateError
 */
export function tokenize(source: string): Token[] {
  const lexer = new Lexer(source);
  while (lexer.next());
  return lexer.tokens;
}

interface Place {
  readonly line: number;
  readonly at: number;
}

class Lexer {
  readonly tokens: Token[] = [];
  readonly #source: string;
  #at = 0;
  #line = 1;
  /** The next line break, -1 behind the last one. */
  #newline: number;
  #trimNext = false;

  constructor(source: string) {
    this.#source = source;
    this.#newline = source.indexOf("\n");
  }

  /** Takes text up to the next action, and that action. */
  next(): boolean {
    const start = this.#at;
    const open = this.#source.indexOf("{{", start);
    const end = open === -1 ? this.#source.length : open;
    this.#text(
      start,
      end,
      open !== -1 && /^\{\{-[ \t\r\n]/.test(this.#source.slice(open, open + 4)),
    );
    this.#advance(end);
    if (open === -1) return false;
    const comment = "/-".includes(this.#source[open + 2] ?? " ") ? this.#match(COMMENT) : undefined;
    if (comment === undefined) this.#action();
    else this.#trimNext = /[ \t\r\n]-\}\}$/.test(comment);
    return true;
  }

  #text(start: number, end: number, trimEnd: boolean): void {
    const raw = this.#source.slice(start, end);
    const from = this.#trimNext ? (/^[ \t\r\n]*/.exec(raw)?.[0].length ?? 0) : 0;
    const text = trimEnd ? trimRight(raw.slice(from)) : raw.slice(from);
    const line = this.#line + countLines(raw.slice(0, from));
    if (text !== "") this.tokens.push({ kind: "text", line, at: start, text });
  }

  #action(): void {
    this.tokens.push({ kind: "open", ...this.#here() });
    const trims = /^\{\{-[ \t\r\n]/.test(this.#source.slice(this.#at, this.#at + 4));
    this.#advance(this.#at + (trims ? 3 : 2));
    for (;;) {
      const { line, at } = this.#here();
      const isSpace = " \t\r\n".includes(this.#first());
      const close = isSpace || this.#first() === "}" ? this.#match(CLOSE) : undefined;
      if (close !== undefined) {
        this.#trimNext = close.length > 2;
        this.tokens.push({ kind: "close", line, at });
        return;
      }
      if (isSpace && this.#match(SPACE) !== undefined) {
        this.#backOverTrimMarker();
        continue;
      }
      if (this.#at >= this.#source.length) throw this.#error("an action is not closed");
      this.#token();
    }
  }

  /** The space before `-}}` belongs to the marker. */
  #backOverTrimMarker(): void {
    if (this.#source.startsWith("-}}", this.#at)) {
      this.#at--;
      if (this.#source[this.#at] !== "\n") return;
      this.#line--;
      this.#newline = this.#at;
    }
  }

  #token(): void {
    const here = this.#here();
    const glued = this.#at > 0 && /[^ \t\r\n{(|,=]/.test(this.#source[this.#at - 1] ?? "");
    // Most tokens are told by how they begin; trying each pattern takes as long as all the rest.
    const number = "+-.0123456789".includes(this.#first()) ? this.#match(NUMBER) : undefined;
    if (number !== undefined) {
      this.tokens.push({ kind: "constant", ...here, value: numberOf(number) });
      return;
    }
    const field = this.#first() === "." ? this.#match(FIELD) : undefined;
    if (field !== undefined) {
      this.tokens.push({ kind: "field", ...here, names: field.slice(1).split("."), glued });
      return;
    }
    const variable = this.#first() === "$" ? this.#match(VARIABLE) : undefined;
    if (variable !== undefined) {
      this.tokens.push({ kind: "variable", ...here, names: variable.split("."), glued });
      return;
    }
    this.#simpleToken(here);
  }

  #simpleToken(here: Place): void {
    const string = "\"'`".includes(this.#first()) ? this.#match(STRING) : undefined;
    if (string !== undefined) {
      this.tokens.push({ kind: "constant", ...here, value: unquote(string) });
      return;
    }
    const word = this.#match(WORD);
    const symbol = word ?? this.#match(SYMBOL);
    if (symbol === undefined) {
      throw this.#error(
        `unexpected ${JSON.stringify(this.#source.slice(this.#at, this.#at + 10))}`,
      );
    }
    this.tokens.push({ kind: word === undefined ? "symbol" : "word", ...here, text: symbol });
  }

  /** The next character; behind the last one, what begins nothing. */
  #first(): string {
    return this.#source[this.#at] ?? "\0";
  }

  #here(): Place {
    return { line: this.#line, at: this.#at };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    if (found === undefined || found === "") return undefined;
    this.#advance(this.#at + found.length);
    return found;
  }

  #advance(to: number): void {
    while (this.#newline !== -1 && this.#newline < to) {
      this.#line++;
      this.#newline = this.#source.indexOf("\n", this.#newline + 1);
    }
    this.#at = to;
  }

  #error(reason: string): TemplateError {
    return new TemplateError(reason, `line ${this.#line}`);
  }
}

function trimRight(text: string): string {
  let end = text.length;
  while (end > 0 && " \t\r\n".includes(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}
