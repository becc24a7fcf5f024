import type { Budget } from "./budget.ts";
import { Printer } from "./printf-values.ts";
import { noLayout, type Layout } from "./printf-layout.ts";
import { format } from "./print.ts";
import { integerOf, typeOf, type Value } from "./value.ts";

/** What Go takes for a width or precision at most. */
const MAX_NUMBER = 1_000_000;

/** Go's `fmt.Sprintf`, with the marks it leaves for arguments that do not fit. */
export function sprintf(template: string, args: readonly Value[], budget: Budget): string {
  return new Directives(template, args, budget).text();
}

const FLAGS: Readonly<Record<string, "minus" | "plus" | "sharp" | "space" | "zero">> = {
  "-": "minus",
  "+": "plus",
  "#": "sharp",
  " ": "space",
  "0": "zero",
};

/** Goes through a template as Go does. https://github.com/golang/go/blob/go1.25.0/src/fmt/print.go */
class Directives {
  readonly #template: string;
  readonly #args: readonly Value[];
  readonly #budget: Budget;
  #at = 0;
  #next = 0;
  /** Arguments were asked for by their number. */
  #isReordered = false;
  #hasArgument = true;
  #text = "";

  constructor(template: string, args: readonly Value[], budget: Budget) {
    this.#template = template;
    this.#args = args;
    this.#budget = budget;
  }

  text(): string {
    for (;;) {
      const percent = this.#template.indexOf("%", this.#at);
      this.#text += this.#template.slice(this.#at, percent === -1 ? undefined : percent);
      if (percent === -1) break;
      this.#at = percent + 1;
      this.#put(this.#plainText() ?? this.#directive());
    }
    return this.#text + this.#extra();
  }

  /** `%s` or `%v` of a text, as nearly all are: printed as it is. */
  #plainText(): string | undefined {
    const verb = this.#template[this.#at];
    const value = this.#args[this.#next];
    if ((verb !== "s" && verb !== "v") || typeof value !== "string") return undefined;
    this.#at++;
    this.#next++;
    return value;
  }

  #put(text: string): void {
    this.#budget.text(text.length);
    this.#text += text;
  }

  #directive(): string {
    const layout = noLayout();
    this.#hasArgument = true;
    for (let flag = this.#flag(); flag !== undefined; flag = this.#flag()) {
      layout[flag] = true;
      this.#at++;
    }
    const marks = this.#numbers(layout);
    if (this.#at >= this.#template.length) return `${marks}%!(NOVERB)`;
    const verb = String.fromCodePoint(this.#template.codePointAt(this.#at) ?? 0);
    this.#at += verb.length;
    return marks + this.#verb(verb, layout);
  }

  #flag(): (typeof FLAGS)[string] | undefined {
    return FLAGS[this.#template[this.#at] ?? ""];
  }

  /** Width and precision, and which argument is meant; what is wrong with them. */
  #numbers(layout: Layout): string {
    const isNumbered = this.#argumentNumber();
    const isStar = this.#take("*");
    let marks = isStar ? this.#widthFromArgument(layout) : "";
    if (!isStar) layout.width = this.#digits();
    if (isNumbered && layout.width !== undefined && !isStar) this.#hasArgument = false;
    let isLast = isNumbered && !isStar;
    if (this.#at + 1 < this.#template.length && this.#take(".")) {
      if (isLast) this.#hasArgument = false;
      isLast = this.#argumentNumber() && this.#template[this.#at] !== "*";
      marks += this.#precision(layout);
    }
    if (!isLast) this.#argumentNumber();
    return marks;
  }

  #precision(layout: Layout): string {
    if (this.#take("*")) return this.#precisionFromArgument(layout);
    layout.precision = this.#digits() ?? 0;
    return "";
  }

  /** Below zero, it is the room on the other side. */
  #widthFromArgument(layout: Layout): string {
    const width = this.#numberFromArgument();
    layout.width = width === undefined ? undefined : Math.abs(width);
    if (width === undefined) return "%!(BADWIDTH)";
    if (width < 0) Object.assign(layout, { minus: true, zero: false });
    return "";
  }

  #precisionFromArgument(layout: Layout): string {
    const precision = this.#numberFromArgument() ?? -1;
    layout.precision = precision < 0 ? undefined : precision;
    return precision < 0 ? "%!(BADPREC)" : "";
  }

  #verb(verb: string, layout: Layout): string {
    if (verb === "%") return "%";
    if (!this.#hasArgument) return `%!${verb}(BADINDEX)`;
    if (this.#next >= this.#args.length) return `%!${verb}(MISSING)`;
    if (verb === "v" || verb === "w") {
      Object.assign(layout, {
        sharpV: layout.sharp,
        sharp: false,
        plusV: layout.plus,
        plus: false,
      });
    }
    return new Printer(layout).argument(this.#args[this.#next++] ?? null, verb);
  }

  #take(character: string): boolean {
    if (this.#template[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #digits(): number | undefined {
    const [digits = ""] = /^\d*/.exec(this.#template.slice(this.#at, this.#at + 8)) ?? [];
    if (digits === "") return undefined;
    const number = Number(digits);
    this.#at = number > MAX_NUMBER ? this.#template.length : this.#at + digits.length;
    return number > MAX_NUMBER ? undefined : number;
  }

  /** `[2]`: the second of all; true if it is written well. */
  #argumentNumber(): boolean {
    if (this.#template[this.#at] !== "[") return false;
    this.#isReordered = true;
    const rest = this.#template.slice(this.#at);
    const end = rest.length < 3 ? -1 : rest.indexOf("]");
    const text = rest.slice(1, Math.max(end, 1));
    const isNumber = end !== -1 && /^\d{1,7}$/.test(text);
    this.#at += end === -1 ? 1 : end + 1;
    const index = Number(text) - 1;
    if (isNumber && index >= 0 && index < this.#args.length) {
      this.#next = index;
      return true;
    }
    this.#hasArgument = false;
    return isNumber;
  }

  #numberFromArgument(): number | undefined {
    if (this.#next >= this.#args.length) return undefined;
    const whole = integerOf(this.#args[this.#next++] ?? null);
    const number = Number(whole ?? Number.NaN);
    return Math.abs(number) <= MAX_NUMBER ? number : undefined;
  }

  #extra(): string {
    if (this.#isReordered || this.#next >= this.#args.length) return "";
    const extra = this.#args
      .slice(this.#next)
      .map((arg) => (arg === null ? "<nil>" : `${typeOf(arg)}=${format(arg)}`));
    return `%!(EXTRA ${extra.join(", ")})`;
  }
}
