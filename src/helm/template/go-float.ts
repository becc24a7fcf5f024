import { formatFloat } from "../../yaml/go-yaml.ts";

/** All decimals of a float, without zeros around them: 0.`digits` times 10 to the `point`. */
interface Decimals {
  readonly digits: string;
  readonly point: number;
}

/**
 * Go's `strconv.FormatFloat`, of what is neither infinite nor below zero. Without `precision` as many
 * digits as tell the number from its neighbors.
 */
export function goFloat(size: number, verb: string, precision?: number): string {
  const lower = verb.toLowerCase();
  const text = sized(size, lower, precision);
  return verb === lower ? text : text.toUpperCase();
}

function sized(size: number, verb: string, precision: number | undefined): string {
  switch (verb) {
    case "f":
      return fixed(size, precision ?? 6);
    case "e":
      return exponential(size, precision ?? 6);
    case "b":
      return binary(size);
    case "x":
      return hexadecimal(size, precision);
    default:
      return precision === undefined ? formatFloat(size) : general(size, precision);
  }
}

function fixed(size: number, precision: number): string {
  const { digits, point } = rounded(decimalsOf(size), (all) => all.point + precision);
  const shifted = digits.padStart(digits.length + Math.max(0, 1 - point), "0");
  const split = Math.max(point, 1);
  const whole = shifted.slice(0, split).padEnd(split, "0");
  const part = shifted.slice(split, split + precision).padEnd(precision, "0");
  return precision === 0 ? whole : `${whole}.${part}`;
}

function exponential(size: number, precision: number): string {
  const { digits, point } = rounded(decimalsOf(size), () => precision + 1);
  return withExponent(digits.padEnd(precision + 1, "0"), digits === "" ? 0 : point - 1);
}

/** An exponent where it is small or large; zeros at the end are left out. */
function general(size: number, precision: number): string {
  const most = Math.max(precision, 1);
  const { digits, point } = rounded(decimalsOf(size), () => most);
  if (digits === "") return "0";
  const enough = most > digits.length && digits.length >= point ? digits.length : most;
  if (point - 1 < -4 || point - 1 >= enough) return withExponent(digits, point - 1);
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  const part = digits.slice(point);
  return digits.slice(0, point).padEnd(point, "0") + (part === "" ? "" : `.${part}`);
}

function withExponent(digits: string, exponent: number): string {
  const part = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const shown = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits.charAt(0)}${part}e${exponent < 0 ? "-" : "+"}${shown}`;
}

/** To as many digits as `wanted` says, to the even one where it is just between two. */
function rounded(all: Decimals, wanted: (all: Decimals) => number): Decimals {
  const count = wanted(all);
  const { digits, point } = all;
  if (count < 0) return { digits: "", point };
  if (count >= digits.length) return all;
  const kept = digits.slice(0, count);
  const [next = "0", rest] = [digits[count], digits.slice(count + 1)];
  const isOdd = Number(kept.at(-1) ?? 0) % 2 === 1;
  const isUp = next > "5" || (next === "5" && (rest !== "" || isOdd));
  if (!isUp) return { digits: kept.replace(/0+$/, ""), point };
  const up = (BigInt(`1${kept}`) + 1n).toString();
  // All nines become a one and zeros.
  const carries = up.startsWith("2");
  return {
    digits: (carries ? `1${up.slice(1)}` : up.slice(1)).replace(/0+$/, ""),
    point: point + (carries ? 1 : 0),
  };
}

function decimalsOf(size: number): Decimals {
  if (size === 0) return { digits: "", point: 0 };
  const { mantissa, exponent } = partsOf(size);
  const isWhole = exponent >= 0;
  const all = isWhole ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const text = all.toString();
  return { digits: text.replace(/0+$/, ""), point: text.length + (isWhole ? 0 : exponent) };
}

const FRACTION_BITS = 52;
const FRACTION_DIGITS = FRACTION_BITS / 4;

/** `mantissa` times 2 to the `exponent`. */
interface Parts {
  readonly mantissa: bigint;
  readonly exponent: number;
}

function partsOf(size: number): Parts {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const fraction = BigInt.asUintN(FRACTION_BITS, bits);
  const biased = Number(bits >> BigInt(FRACTION_BITS));
  if (biased === 0) return { mantissa: fraction, exponent: -1074 };
  return { mantissa: fraction | (1n << BigInt(FRACTION_BITS)), exponent: biased - 1075 };
}

function binary(size: number): string {
  const { mantissa, exponent } = partsOf(size);
  return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

function hexadecimal(size: number, precision: number | undefined): string {
  const { mantissa, exponent } = precisely(partsOf(size), precision ?? FRACTION_DIGITS);
  const digits = mantissa.toString(16).padStart(1 + FRACTION_DIGITS, "0");
  const all = digits.slice(1);
  const part = precision === undefined ? all.replace(/0+$/, "") : all.slice(0, precision);
  const wanted = part.padEnd(precision ?? 0, "0");
  const power = size === 0 ? 0 : exponent + FRACTION_BITS;
  const shown = String(Math.abs(power)).padStart(2, "0");
  const point = wanted === "" ? "" : `.${wanted}`;
  return `0x${digits.charAt(0)}${point}p${power < 0 ? "-" : "+"}${shown}`;
}

/** With a one before the point, and rounded to so many digits of base 16 behind it. */
function precisely(parts: Parts, digits: number): Parts {
  let { mantissa, exponent } = parts;
  while (mantissa !== 0n && mantissa >> BigInt(FRACTION_BITS) === 0n) {
    mantissa <<= 1n;
    exponent--;
  }
  if (digits >= FRACTION_DIGITS) return { mantissa, exponent };
  const cut = BigInt(FRACTION_BITS - digits * 4);
  const [half, kept] = [1n << (cut - 1n), mantissa >> cut];
  const rest = mantissa - (kept << cut);
  const isUp = rest > half || (rest === half && kept % 2n === 1n);
  const near = (kept + (isUp ? 1n : 0n)) << cut;
  const carries = near >> BigInt(FRACTION_BITS + 1) !== 0n;
  return carries ? { mantissa: near >> 1n, exponent: exponent + 1 } : { mantissa: near, exponent };
}
