import { goFloat } from "./go-float.ts";
import { canBackquote, goQuote, goQuoteRune, isPrintable } from "./go-quote.ts";

/** What stands between `%` and the verb. */
export interface Layout {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%+v` and `%#v` mean something else by their flags. */
  plusV: boolean;
  sharpV: boolean;
  width: number | undefined;
  precision: number | undefined;
}

export function noLayout(): Layout {
  return {
    minus: false,
    plus: false,
    sharp: false,
    space: false,
    zero: false,
    plusV: false,
    sharpV: false,
    width: undefined,
    precision: undefined,
  };
}

/** https://github.com/golang/go/blob/go1.25.0/src/fmt/format.go */
export function padded(text: string, { width, minus, zero }: Layout): string {
  if (width === undefined) return text;
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  if (minus) return text + " ".repeat(missing);
  return (zero ? "0" : " ").repeat(missing) + text;
}

function withoutZeros(text: string, layout: Layout): string {
  return padded(text, { ...layout, zero: false });
}

const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, x: 16, X: 16 };

/** An integer in the base that `verb` stands for. */
export function integerText(value: bigint, verb: string, layout: Layout): string {
  const base = BASES[verb] ?? 10;
  const { precision, sharp } = layout;
  const isNegative = value < 0n;
  const size = isNegative ? -value : value;
  if (precision === 0 && size === 0n) return " ".repeat(layout.width ?? 0);
  const small = size.toString(base).padStart(leastDigits(layout, isNegative), "0");
  const digits = verb === "X" ? small.toUpperCase() : small;
  const prefix = sharp ? sharpPrefix(verb, digits) : "";
  const marked = verb === "O" ? `0o${prefix}${digits}` : prefix + digits;
  return withoutZeros(signOf(isNegative, layout) + marked, layout);
}

function leastDigits(
  { precision, zero, minus, width, plus, space }: Layout,
  isNegative: boolean,
): number {
  if (precision !== undefined) return precision;
  if (!zero || minus || width === undefined) return 0;
  return isNegative || plus || space ? width - 1 : width;
}

function sharpPrefix(verb: string, digits: string): string {
  if (verb === "b" || verb === "x" || verb === "X") return `0${verb}`;
  return (verb === "o" || verb === "O") && !digits.startsWith("0") ? "0" : "";
}

export function unicodeText(value: bigint, layout: Layout): string {
  const code = BigInt.asUintN(64, value);
  const hex = code
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, layout.precision ?? 0), "0");
  const character = characterOf(value);
  const isShown = layout.sharp && code <= 0x10ffffn && isPrintable(character);
  return withoutZeros(`U+${hex}${isShown ? ` '${character}'` : ""}`, layout);
}

/** What is none becomes the mark for one. */
export function characterOf(value: bigint): string {
  const code = BigInt.asUintN(64, value);
  const isNone = code > 0x10ffffn || (code >= 0xd800n && code <= 0xdfffn);
  return isNone ? "\uFFFD" : String.fromCodePoint(Number(code));
}

export function quotedCharacter(value: bigint, layout: Layout): string {
  return padded(goQuoteRune(characterOf(value), layout.plus), layout);
}

export function floatText(value: number, verb: string, layout: Layout): string {
  if (!Number.isFinite(value)) return infiniteText(value, layout);
  const kind = FLOAT_KINDS[verb] ?? verb;
  const precision = layout.precision ?? (/[fe]/i.test(kind) ? 6 : undefined);
  const written = goFloat(Math.abs(value), kind, precision);
  const digits = layout.sharp && kind !== "b" ? withPoint(written, kind, precision) : written;
  const sign = signOf(value < 0 || Object.is(value, -0), layout);
  return sign === "" ? padded(digits, layout) : paddedBehind(sign, digits, layout);
}

const FLOAT_KINDS: Readonly<Record<string, string>> = { F: "f", v: "g" };

/** Zeros stand behind the sign. */
function paddedBehind(sign: string, digits: string, layout: Layout): string {
  const { zero, minus, width = 0 } = layout;
  return zero && !minus ? sign + digits.padStart(width - 1, "0") : padded(sign + digits, layout);
}

function infiniteText(value: number, layout: Layout): string {
  if (Number.isNaN(value)) return withoutZeros(`${signOf(false, layout)}NaN`, layout);
  const sign = signOf(value < 0, layout);
  return withoutZeros(`${sign === "" ? "+" : sign}Inf`, layout);
}

function signOf(isNegative: boolean, { plus, space }: Layout): string {
  if (isNegative) return "-";
  return plus ? "+" : space ? " " : "";
}

/** `#` keeps the point and the zeros at the end. */
function withPoint(text: string, kind: string, precision: number | undefined): string {
  const at = text.search(/^0x/i.test(text) ? /p/i : /e/i);
  const [digits, tail] = at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at)];
  // Go counts the `x` as a digit.
  const seen = digits.replace(".", "").replace(/^0+/, "").length;
  const isZero = !digits.includes(".") && /^0$/.test(digits);
  const wanted = /[gx]/i.test(kind) && kind !== "X" ? (precision ?? 6) : 0;
  const missing = Math.max(0, wanted - seen - (isZero ? 1 : 0));
  return `${digits}${digits.includes(".") ? "" : "."}${"0".repeat(missing)}${tail}`;
}

export function stringText(text: string, verb: string, layout: Layout): string {
  if (verb === "x" || verb === "X") return hexText(text, verb, layout);
  const { precision } = layout;
  const cut = precision === undefined ? text : Array.from(text).slice(0, precision).join("");
  if (verb === "q" || (verb === "v" && layout.sharpV)) {
    if (layout.sharp && canBackquote(cut)) return padded(`\`${cut}\``, layout);
    return padded(goQuote(cut, layout.plus), layout);
  }
  return padded(cut, layout);
}

function hexText(text: string, verb: string, layout: Layout): string {
  const { precision, sharp, space } = layout;
  const bytes = [...Buffer.from(text).subarray(0, precision)];
  if (bytes.length === 0) return padded("", layout);
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  const prefix = sharp ? `0${verb}` : "";
  const cased = verb === "X" ? hex.map((one) => one.toUpperCase()) : hex;
  return padded(
    space ? cased.map((one) => prefix + one).join(" ") : prefix + cased.join(""),
    layout,
  );
}
