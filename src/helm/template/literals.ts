import { TemplateError } from "./template-error.ts";
import type { Value } from "./value.ts";

const ESCAPE = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs;

const SINGLE: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/**
 * The value of a Go string, raw string or character constant.
 * https://go.dev/ref/spec#String_literals
 * @throws TemplateError
 */
export function unquote(literal: string): string | bigint {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return inner.replaceAll("\r", "");
  const text = inner.replace(ESCAPE, escaped);
  if (!literal.startsWith("'")) return text;
  const [first, ...more] = Array.from(text);
  if (first === undefined) throw new TemplateError("a character constant is empty");
  if (more.length > 0) throw new TemplateError(`${literal} is more than one character`);
  return BigInt(first.codePointAt(0) ?? 0);
}

/** The character that an escape such as `\\n`, `\\x41` or `\\u00e9` stands for. */
function escaped(escape: string): string {
  const body = escape.slice(1);
  if (/^[0-7]{3}$/.test(body)) return String.fromCodePoint(Number.parseInt(body, 8));
  if (body.length > 1) return character(Number.parseInt(body.slice(1), 16), escape);
  return SINGLE[body] ?? unknown(escape);
}

function character(code: number, escape: string): string {
  return code > 0x10ffff ? unknown(escape) : String.fromCodePoint(code);
}

function unknown(escape: string): never {
  throw new TemplateError(`unknown escape ${JSON.stringify(escape)}`);
}

/** Underscores stand between digits, or behind what says the base. */
const INTEGER =
  /^[-+]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/;
const DECIMAL = /^[-+]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d+)?$/;
const POWER = /^[-+]?0[xX]_?([0-9a-fA-F_]*)(?:\.([0-9a-fA-F_]*))?[pP]([+-]?\d+)$/;

/**
 * The value of a Go number, by its rules: an integer unless a point or exponent says otherwise; a
 * leading 0 is octal.
 * @throws TemplateError for what is none, or has no room in 64 bits
 */
export function numberOf(text: string): bigint | number {
  const plain = text.replaceAll("_", "");
  if (INTEGER.test(text)) {
    const digits = plain.replace(/^[+-]/, "").toLowerCase();
    const size = BigInt(digits.replace(/^0(?=\d)/, "0o"));
    return inRange(plain.startsWith("-") ? -size : size, text);
  }
  const power = POWER.exec(plain);
  const value = power === null ? Number(plain) : powerOf(plain, power);
  const isFloat = power !== null || (DECIMAL.test(text) && /[.eE]/.test(text));
  if (isFloat && Number.isFinite(value)) return value;
  throw new TemplateError(`${text} is no number`);
}

function inRange(value: bigint, text: string): bigint {
  if (value === BigInt.asIntN(64, value)) return value;
  throw new TemplateError(`${text} overflows int`);
}

function powerOf(text: string, [, whole = "", part = "", exponent]: readonly string[]): number {
  const size = Number(`0x${whole}${part}`) * 2 ** (Number(exponent) - 4 * part.length);
  return text.startsWith("-") ? -size : size;
}

/** A constant where an `int` is asked for: `3.0` is one there. https://pkg.go.dev/text/template#hdr-Arguments */
export function asInt(constant: Value): Value {
  const isInt = typeof constant === "number" && Number.isSafeInteger(constant);
  return isInt ? BigInt(constant) : constant;
}
