import { numberOf, unquote } from "./literals.ts";
import { endOfName, type NamePatterns } from "./name-patterns.ts";
import { TemplateError } from "./template-error.ts";

/** `line` and `at` say where it begins; `glued` is one that stands right behind what is no separator. */
export type Token = { readonly line: number; readonly at: number; readonly glued?: boolean } & (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "open" | "close" }
  | { readonly kind: "constant"; readonly value: string | bigint | number }
  | { readonly kind: "word" | "symbol"; readonly text: string }
  /** `.a.b`, `$x.a`: glued when it is a field of what stands before. */
  | { readonly kind: "field" | "variable"; readonly names: readonly string[] }
);

const SPACE = /[ \t\r\n]+/y;
const CLOSE = /(?:[ \t\r\n]-)?\}\}/y;
const COMMENT = /\{\{(?:-[ \t\r\n]+)?\/\*[^]*?\*\/(?:[ \t\r\n]+-)?\}\}/y;
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

/** Texts of one character, by which most tokens are told: trying each pattern takes as long as all the rest. */
const SPACES = " \t\r\n";
const BEGINS_NUMBER = "+-.0123456789";
const QUOTES = "\"'`";
/** Behind these a name begins anew. */
const SEPARATORS = " \t\r\n{(|,=";

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
    const trims = open !== -1 && this.#isTrimmed(open);
    if (end > start) this.#text(start, end, trims);
    this.#advance(end);
    if (open === -1) return false;
    const after = this.#source[open + 2];
    const comment = after === "/" || after === "-" ? this.#match(COMMENT) : undefined;
    if (comment !== undefined && comment.indexOf("*/") < comment.lastIndexOf("*/")) {
      throw this.#error("a comment ends before the braces do");
    }
    if (comment === undefined) this.#action(trims);
    else this.#trimNext = /[ \t\r\n]-\}\}$/.test(comment);
    return true;
  }

  /** True for `{{- `. */
  #isTrimmed(open: number): boolean {
    return this.#source[open + 2] === "-" && isIn(SPACES, this.#source[open + 3]);
  }

  #text(start: number, end: number, trimEnd: boolean): void {
    let from = start;
    if (this.#trimNext) while (from < end && isIn(SPACES, this.#source[from])) from++;
    let to = end;
    if (trimEnd) while (to > from && isIn(SPACES, this.#source[to - 1])) to--;
    if (from === to) return;
    this.#advance(from);
    const text = this.#source.slice(from, to);
    this.tokens.push({ kind: "text", line: this.#line, at: start, text });
  }

  #action(trims: boolean): void {
    this.tokens.push({ kind: "open", line: this.#line, at: this.#at });
    this.#advance(this.#at + (trims ? 3 : 2));
    for (;;) {
      const isSpace = isIn(SPACES, this.#first());
      const [line, at] = [this.#line, this.#at];
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
    const first = this.#first();
    const [line, at] = [this.#line, this.#at];
    const glued = at > 0 && !isIn(SEPARATORS, this.#source[at - 1]);
    const number = isIn(BEGINS_NUMBER, first) ? this.#matchName("number") : undefined;
    if (number !== undefined) {
      this.tokens.push({ kind: "constant", line, at, glued, value: numberOf(number) });
      return;
    }
    if (first === "." || first === "$") {
      const kind = first === "." ? "field" : "variable";
      const path = this.#matchName(kind);
      if (path !== undefined) {
        const names = (kind === "field" ? path.slice(1) : path).split(".");
        this.tokens.push({ kind, line, at, names, glued });
        return;
      }
    }
    this.#simpleToken(first, { line, at, glued });
  }

  #simpleToken(
    first: string,
    { line, at, glued }: { line: number; at: number; glued: boolean },
  ): void {
    const string = isIn(QUOTES, first) ? this.#match(STRING) : undefined;
    if (string !== undefined) {
      this.tokens.push({ kind: "constant", line, at, glued, value: unquote(string) });
      return;
    }
    const word = this.#matchName("word");
    const symbol = word ?? this.#match(SYMBOL);
    if (symbol === undefined) {
      throw this.#error(
        `unexpected ${JSON.stringify(this.#source.slice(this.#at, this.#at + 10))}`,
      );
    }
    const kind = word === undefined ? "symbol" : "word";
    this.tokens.push({ kind, line, at, glued, text: symbol });
  }

  /** The next character; behind the last one, what begins nothing. */
  #first(): string {
    return this.#source[this.#at] ?? "\0";
  }

  #matchName(kind: keyof NamePatterns): string | undefined {
    const end = endOfName(kind, this.#source, this.#at);
    return end === undefined ? undefined : this.#take(end);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#source) ? this.#take(pattern.lastIndex) : undefined;
  }

  #take(end: number): string {
    const taken = this.#source.slice(this.#at, end);
    this.#advance(end);
    return taken;
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

function isIn(characters: string, one: string | undefined): boolean {
  return one !== undefined && characters.includes(one);
}
