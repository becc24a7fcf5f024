import { format, NO_VALUE } from "../print.ts";
import { fieldOf } from "../field.ts";
import { sprintf } from "../printf.ts";
import { fn, variadic, type Call, type TemplateFunction } from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import {
  byCodePoint,
  Integer,
  integerOf,
  isList,
  isTrue,
  kindOf,
  typeOf,
  type Value,
} from "../value.ts";
import { isSameTime } from "./times.ts";

/** What Go's text/template brings itself. https://pkg.go.dev/text/template@go1.25.0#hdr-Functions */
export const LOGIC: Readonly<Record<string, TemplateFunction>> = {
  not: fn(["any"], ([value], call) => {
    call.compared([value, ""]);
    return !isTrue(value);
  }),
  eq: variadic(["any"], ([first], rest, call) => {
    call.compared([first, ...rest]);
    if (rest.length === 0) throw new TemplateError("missing argument for comparison");
    return rest.some((other) => equal(first, other));
  }),
  ne: comparison((a, b) => !equal(a, b)),
  lt: comparison((a, b) => order(a, b) < 0),
  le: comparison((a, b) => order(a, b) <= 0),
  gt: comparison((a, b) => order(a, b) > 0),
  ge: comparison((a, b) => order(a, b) >= 0),
  len: fn(["any"], ([value]) => BigInt(lengthOf(value))),
  index: variadic(["any"], ([from], keys, call) => {
    if (from === null) throw new TemplateError("index of untyped nil");
    return keys.reduce((value, key) => itemOf(value, key, call), from);
  }),
  print: variadic([], (_none, values) => sprint(values)),
  println: variadic([], (_none, values) => `${values.map(format).join(" ")}\n`),
  printf: variadic(["string"], ([template], values, call) =>
    sprintf(template, values, call.budget),
  ),
  html: variadic([], (_none, values) => sprint(shown(values)).replace(/[<>&'"]/g, escapeHtml)),
  js: variadic([], (_none, values) => sprint(shown(values)).replace(FOR_SCRIPTS, escapeForScript)),
  urlquery: variadic([], (_none, values) => queryEscaped(sprint(shown(values)))),
};

function comparison(compare: (a: Value, b: Value) => boolean): TemplateFunction {
  return fn(["any", "any"], ([a, b], call) => {
    call.compared([a, b]);
    return compare(a, b);
  });
}

const BASIC: ReadonlySet<string> = new Set(["string", "bool", "float64"]);

function equal(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  const [one, other] = [integerOf(a), integerOf(b)];
  if (one !== undefined && other !== undefined) return one === other;
  const [left, right] = [kindOf(a), kindOf(b)];
  if (left !== right)
    throw new TemplateError(`incompatible types for comparison: ${left} and ${right}`);
  if (isSameTime(a, b)) return true;
  if (left === "struct") return a === b;
  if (!BASIC.has(left)) throw new TemplateError(`non-comparable type ${typeOf(a)}`);
  return a === b;
}

function order(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return byCodePoint(a, b);
  const [one, other] = [integerOf(a), integerOf(b)];
  if (one !== undefined && other !== undefined) return Number(one - other);
  if (typeof a === "number" && typeof b === "number") return a - b;
  throw new TemplateError(`incompatible types for comparison: ${typeOf(a)} and ${typeOf(b)}`);
}

function lengthOf(value: Value): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (value instanceof Map) return value.size;
  if (isList(value)) return value.length;
  throw new TemplateError(`len of type ${typeOf(value)}`);
}

function itemOf(from: Value, key: Value, call: Call): Value {
  if (from instanceof Map) {
    if (typeof key === "string") {
      call.picked(from, key);
      return fieldOf(from, key, call);
    }
    throw new TemplateError(`cannot index a map with ${typeOf(key)}`);
  }
  if (typeof from === "string")
    return Integer.uint8(Buffer.from(from)[indexOf(key, Buffer.byteLength(from))] ?? 0);
  if (!isList(from)) throw new TemplateError(`cannot index ${typeOf(from)}`);
  return from[indexOf(key, from.length)] ?? null;
}

function indexOf(key: Value, length: number): number {
  const whole = integerOf(key);
  if (whole === undefined) throw new TemplateError(`cannot index a list with ${typeOf(key)}`);
  const index = Number(whole);
  if (index >= 0 && index < length) return index;
  throw new TemplateError(`index out of range: ${format(key)}`);
}

/** As an action shows nothing. */
function shown(values: readonly Value[]): Value[] {
  return values.map((value) => value ?? NO_VALUE);
}

/** Go's `Sprint`: a space between two operands of which neither is a string. */
function sprint(values: readonly Value[]): string {
  let text = "";
  for (const [index, value] of values.entries()) {
    const before = values[index - 1];
    const apart = index > 0 && typeof value !== "string" && typeof before !== "string";
    text += (apart ? " " : "") + (value === null ? "<nil>" : format(value));
  }
  return text;
}

/** Go's `url.QueryEscape`. */
function queryEscaped(text: string): string {
  const escaped = encodeURIComponent(text).replaceAll("%20", "+");
  return escaped.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

const FOR_SCRIPTS = /[\\'"<>&=\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Go's `template.JSEscapeString`. */
function escapeForScript(character: string): string {
  if (/[\\'"]/.test(character)) return `\\${character}`;
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

const HTML: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  "'": "&#39;",
  '"': "&#34;",
};

function escapeHtml(character: string): string {
  return HTML[character] ?? character;
}
