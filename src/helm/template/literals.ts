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
  const code = text.codePointAt(0);
  if (code === undefined) throw new TemplateError("a character constant is empty");
  return BigInt(code);
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

/** The value of a Go number, by its rules: an integer unless a point or exponent says otherwise; a leading 0 is octal. */
export function numberOf(text: string): bigint | number {
  const plain = text.replaceAll("_", "");
  const sign = plain.startsWith("-") ? -1n : 1n;
  const digits = plain.replace(/^[+-]/, "");
  const power = /^0[xX]([0-9a-fA-F]+)[pP]([+-]?\d+)$/.exec(digits);
  if (power !== null) return Number(`0x${power[1] ?? "0"}`) * 2 ** Number(power[2]) * Number(sign);
  if (/^0[xXbBoO]/.test(digits)) return sign * BigInt(digits.toLowerCase());
  if (/^0[0-7]+$/.test(digits)) return sign * BigInt(`0o${digits.slice(1)}`);
  if (/^\d+$/.test(digits)) return sign * BigInt(digits);
  return Number(plain);
}

/** A constant where an `int` is asked for: `3.0` is one there. https://pkg.go.dev/text/template#hdr-Arguments */
export function asInt(constant: Value): Value {
  const isInt = typeof constant === "number" && Number.isSafeInteger(constant);
  return isInt ? BigInt(constant) : constant;
}
