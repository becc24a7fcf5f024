import { format } from "../print.ts";
import { fn, ints, variadic, type TemplateFunction } from "../signature.ts";
import { BudgetError, TemplateError } from "../template-error.ts";
import { Integer, integerOf, ofType, typeOf, type Value } from "../value.ts";

/** What Sprig does with `int64`, from the first value to the last. */
function whole(values: readonly Value[], operate: (a: bigint, b: bigint) => bigint): Integer {
  const numbers = values.map(toBig);
  return Integer.int64(numbers.reduce((a, b) => BigInt.asIntN(64, operate(a, b))));
}

const largest = variadic(["any"], (first, values) =>
  whole([...first, ...values], (a, b) => (b > a ? b : a)),
);

/** Numbers. https://masterminds.github.io/sprig/math.html */
export const NUMBERS: Readonly<Record<string, TemplateFunction>> = {
  int: fn(["any"], ([a]) => toBig(a)),
  int64: fn(["any"], ([a]) => Integer.int64(toBig(a))),
  float64: fn(["any"], ([a]) => toFloat(a)),
  atoi: fn(["string"], ([text]) =>
    /^[+-]?\d+$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : 0n,
  ),
  toDecimal: fn(["any"], ([value]) => {
    const [, sign, digits] = /^([-+]?)([0-7]{1,30})$/.exec(format(value)) ?? [];
    const size = digits === undefined ? 0n : BigInt(`0o${digits}`);
    const octal = sign === "-" ? -size : size;
    return Integer.int64(octal === BigInt.asIntN(64, octal) ? octal : 0n);
  }),
  add1: fn(["any"], ([value]) => Integer.int64(toBig(value) + 1n)),
  add: variadic([], (_none, values) => whole([0n, ...values], (sum, one) => sum + one)),
  sub: fn(["any", "any"], (values) => whole(values, (a, b) => a - b)),
  mul: variadic(["any"], (first, values) => whole([...first, ...values], (a, b) => a * b)),
  div: fn(["any", "any"], (values) => whole(values, (a, b) => a / divisor(b))),
  mod: fn(["any", "any"], (values) => whole(values, (a, b) => a % divisor(b))),
  max: largest,
  biggest: largest,
  min: variadic(["any"], (first, values) =>
    whole([...first, ...values], (a, b) => (b < a ? b : a)),
  ),
  maxf: variadic(["any"], ([first], values) =>
    values.map(toFloat).reduce((a, b) => Math.max(a, b), toFloat(first)),
  ),
  minf: variadic(["any"], ([first], values) =>
    values.map(toFloat).reduce((a, b) => Math.min(a, b), toFloat(first)),
  ),
  add1f: fn(["any"], ([value]) => toFloat(value) + 1),
  addf: variadic([], (_none, values) =>
    values.reduce((sum: number, one) => decimal(sum + toFloat(one)), 0),
  ),
  subf: floats((a, b) => decimal(a - b)),
  mulf: floats((a, b) => decimal(a * b)),
  divf: floats((a, b) => {
    if (b === 0) throw new TemplateError("decimal division by 0");
    return decimal(a / b);
  }),
  floor: fn(["any"], ([value]) => Math.floor(toFloat(value))),
  ceil: fn(["any"], ([value]) => Math.ceil(toFloat(value))),
  round: variadic(["any", "int"], ([value, places], [from = 0.5]) => {
    if (typeof from !== "number" && typeof from !== "bigint") {
      throw new TemplateError(`expected float64, found ${typeOf(from)}`);
    }
    const power = 10 ** places;
    const digits = toFloat(value) * power;
    const isUp = digits - Math.trunc(digits) >= toFloat(from);
    return (isUp ? Math.ceil(digits) : Math.floor(digits)) / power;
  }),
  until: fn(["int"], ([count]) => ofType("[]int", counted(0, count, count < 0 ? -1 : 1))),
  untilStep: fn(["int", "int", "int"], (args) => ofType("[]int", counted(...args))),
  seq: ints((values) => sequence(values).join(" ")),
};

/** Sprig counts in decimals, where 1.1 less 1 is 0.1. */
function decimal(value: number): number {
  // It has no zero below zero.
  return Number.isInteger(value) ? value + 0 : Number(value.toPrecision(15));
}

function floats(operate: (a: number, b: number) => number): TemplateFunction {
  return variadic(["any"], ([first], values) =>
    values.map(toFloat).reduce(operate, toFloat(first)),
  );
}

function divisor(number: bigint): bigint {
  if (number === 0n) throw new TemplateError("integer divide by zero");
  return number;
}

/** What anything is as an `int64`: 0 where it is no number. */
function toBig(value: Value): bigint {
  const integer = integerOf(value);
  if (integer !== undefined) return BigInt.asIntN(64, integer);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return fromFloat(value);
  return typeof value === "string" ? parsedInteger(value) : 0n;
}

/** What has no room is the least of all, as the processor has it. */
function fromFloat(value: number): bigint {
  const has = Math.abs(value) < 2 ** 63;
  return has ? BigInt(Math.trunc(value)) : LEAST;
}

const LEAST = -(2n ** 63n);

/** As Go reads the number of a program: behind a zero it is octal. */
function parsedInteger(text: string): bigint {
  const plain = text.replace(/\.0*$/, "");
  const digits = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|\d+)$/.exec(plain);
  if (digits === null || plain.length > MAX_DIGITS) return 0n;
  const written = (digits[2] ?? "0").toLowerCase();
  if (/^0\d*[89]/.test(written)) return 0n;
  const value = BigInt(written.replace(/^0(?=\d)/, "0o"));
  const signed = digits[1] === "-" ? -value : value;
  return signed === BigInt.asIntN(64, signed) ? signed : 0n;
}

/** Longer is no 64 bit number, whatever its base. */
const MAX_DIGITS = 70;

export function toInt(value: Value): number {
  return Number(toBig(value));
}

/** A number as Go writes it, by its decimals. */
const DECIMAL = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

function toFloat(value: Value): number {
  if (typeof value === "string") return DECIMAL.test(value) ? Number(value) : 0;
  return typeof value === "number" ? value : Number(integerOf(value) ?? value === true);
}

/** Longer lists than any chart counts. */
const MAX_COUNT = 100_000;

function counted(start: number, stop: number, step: number): bigint[] {
  if (stop < start ? step >= 0 : step <= 0) return [];
  const length = Math.ceil((stop - start) / step);
  if (length > MAX_COUNT) throw new BudgetError(`a list of ${length} numbers`);
  return Array.from({ length }, (_item, index) => BigInt(start + index * step));
}

function sequence(values: readonly number[]): bigint[] {
  const [a = 0, b, c] = values;
  if (values.length === 0 || values.length > 3) return [];
  const start = b === undefined ? 1 : a;
  const end = c ?? b ?? a;
  const direction = end < start ? -1 : 1;
  const step = c === undefined ? direction : (b ?? 1);
  if (direction < 0 && step > 0) return [];
  return counted(start, end + direction, step);
}
