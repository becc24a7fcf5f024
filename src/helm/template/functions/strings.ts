import type { Budget } from "../budget.ts";
import { goQuote } from "../go-quote.ts";
import { format } from "../print.ts";
import { fn, variadic, type TemplateFunction } from "../signature.ts";
import { BudgetError, TemplateError } from "../template-error.ts";
import { byCodePoint, isList, ofType, type Dict, type Value } from "../value.ts";
import { abbreviated, camelCase, snakeCase, title, upper, wrapped } from "./words.ts";

/** Text functions of sprig. https://masterminds.github.io/sprig/strings.html */
export const STRINGS: Readonly<Record<string, TemplateFunction>> = {
  trim: fn(["string"], ([text]) => text.trim()),
  trimAll: fn(["string", "string"], ([a, b]) => trimAll(a, b)),
  trimall: fn(["string", "string"], ([a, b]) => trimAll(a, b)),
  trimSuffix: fn(["string", "string"], ([suffix, text]) =>
    suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  ),
  trimPrefix: fn(["string", "string"], ([prefix, text]) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  ),
  upper: fn(["string"], ([text]) => upper(text)),
  lower: fn(["string"], ([text]) => text.toLowerCase()),
  title: fn(["string"], ([a]) => title(a)),
  untitle: fn(["string"], ([text]) =>
    text.replace(/(?<![^\s])\p{Lu}/gu, (letter) => letter.toLowerCase()),
  ),
  repeat: fn(["int", "string"], ([count, text], { budget }) => repeated(text, count, budget)),
  substr: fn(["int", "int", "string"], ([a, b, c]) => inBytes(c, (text) => substring(a, b, text))),
  trunc: fn(["int", "string"], ([a, b]) => inBytes(b, (text) => truncate(a, text))),
  abbrev: fn(["int", "string"], ([width, text]) => abbreviated(text, 0, width)),
  abbrevboth: fn(["int", "int", "string"], ([left, width, text]) => abbreviated(text, left, width)),
  hello: fn([], () => "Hello!"),
  nospace: fn(["string"], ([text]) => text.replace(/\s/g, "")),
  initials: fn(["string"], ([text]) =>
    text
      .split(/\s+/)
      .map((word) => Buffer.from(word).toString("latin1", 0, 1))
      .join(""),
  ),
  swapcase: fn(["string"], ([text]) =>
    text.replace(/\p{L}/gu, (one) => (one === upper(one) ? one.toLowerCase() : upper(one))),
  ),
  snakecase: fn(["string"], ([text]) => snakeCase(text)),
  camelcase: fn(["string"], ([a]) => camelCase(a)),
  kebabcase: fn(["string"], ([text]) => snakeCase(text).replaceAll("_", "-")),
  wrap: fn(["int", "string"], ([width, text]) =>
    wrapped(text, { width, separator: "\n", breaksWords: false }),
  ),
  wrapWith: fn(["int", "string", "string"], ([width, separator, text], { budget }) => {
    // At worst there is a line for each character.
    budget.text(text.length * separator.length);
    return wrapped(text, { width, separator: separator || "\n", breaksWords: true });
  }),
  contains: fn(["string", "string"], ([part, text], call) => {
    call.compared([text, part]);
    return text.includes(part);
  }),
  hasPrefix: fn(["string", "string"], ([part, text], call) => {
    call.compared([text, part]);
    return text.startsWith(part);
  }),
  hasSuffix: fn(["string", "string"], ([part, text], call) => {
    call.compared([text, part]);
    return text.endsWith(part);
  }),
  quote: variadic([], (_none, values) =>
    present(values)
      .map((one) => goQuote(format(one)))
      .join(" "),
  ),
  squote: variadic([], (_none, values) =>
    present(values)
      .map((one) => `'${format(one)}'`)
      .join(" "),
  ),
  cat: variadic([], (_none, values) => present(values).map(format).join(" ")),
  indent: fn(["int", "string"], ([spaces, text], { budget }) => indented(text, spaces, budget)),
  nindent: fn(
    ["int", "string"],
    ([spaces, text], { budget }) => `\n${indented(text, spaces, budget)}`,
  ),
  replace: fn(["string", "string", "string"], ([from, to, text], { budget }) => {
    budget.text(text.length);
    // Nothing stands before and behind every character.
    const pieces = from === "" ? ["", ...Array.from(text), ""] : text.split(from);
    budget.text(to.length * pieces.length);
    return pieces.join(to);
  }),
  plural: fn(["string", "string", "int"], ([one, many, count]) => (count === 1 ? one : many)),
  toString: fn(["any"], ([a]) => format(a)),
  toStrings: fn(["any"], ([value]) => texts(strings(value))),
  join: fn(["string", "any"], ([separator, value], { budget }) => {
    const parts = strings(value);
    budget.text(parts.reduce((sum, part) => sum + part.length + separator.length, 0));
    return parts.join(separator);
  }),
  split: fn(["string", "string"], ([separator, text]) => numbered(text.split(separator))),
  splitn: fn(["string", "int", "string"], ([separator, count, text]) => {
    if (count === 0) return numbered([]);
    const parts = text.split(separator);
    if (count > 0 && parts.length > count) {
      return numbered([...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]);
    }
    return numbered(parts);
  }),
  splitList: fn(["string", "string"], ([separator, text]) => texts(text.split(separator))),
  sortAlpha: fn(["any"], ([value]) =>
    texts(isList(value) ? strings(value).toSorted(byCodePoint) : [format(value)]),
  ),
};

function texts(all: string[]): readonly Value[] {
  return ofType("[]string", all);
}

/** A list as sprig makes texts of it: nil has no place in it, a single value is a list of one. */
function strings(value: Value): string[] {
  if (value === null) return [];
  return isList(value) ? present(value).map(format) : [format(value)];
}

function present(values: readonly Value[]): Value[] {
  return values.filter((value) => value !== null);
}

function numbered(parts: readonly string[]): Dict {
  const table = new Map<string, Value>(parts.map((part, index) => [`_${index}`, part]));
  return ofType("map[string]string", table);
}

function trimAll(characters: string, text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && characters.includes(text[start] ?? "")) start++;
  while (end > start && characters.includes(text[end - 1] ?? "")) end--;
  return text.slice(start, end);
}

/** Go counts bytes; a character that is cut becomes the mark for one. */
function inBytes(text: string, cut: (text: string) => string): string {
  return Buffer.from(cut(Buffer.from(text).toString("latin1")), "latin1").toString();
}

function substring(start: number, end: number, text: string): string {
  const from = start < 0 ? 0 : start;
  const to = start >= 0 && (end < 0 || end > text.length) ? text.length : end;
  if (from <= to && to <= text.length) return text.slice(from, to);
  throw new TemplateError(`slice bounds out of range [${from}:${to}] with length ${text.length}`);
}

function truncate(length: number, text: string): string {
  if (length < 0) return text.length + length > 0 ? text.slice(length) : text;
  return text.slice(0, length);
}

function repeated(text: string, count: number, budget: Budget): string {
  if (count < 0) throw new TemplateError(`negative count ${count}`);
  budget.text(text.length * count);
  return text.repeat(count);
}

/** Indentation that no document has. */
const MAX_INDENT = 10_000;

function indented(text: string, spaces: number, budget: Budget): string {
  if (spaces > MAX_INDENT) throw new BudgetError(`an indentation of ${spaces}`);
  const pad = repeated(" ", spaces, budget);
  const lines = text.split("\n");
  budget.text(text.length + lines.length * pad.length);
  return lines.map((line) => pad + line).join("\n");
}
