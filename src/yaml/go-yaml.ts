import { Schema, Type } from "js-yaml";

/**
 * What go-yaml takes a plain scalar for: by the rules of YAML 1.1 `yes`, `on` and `y` are booleans,
 * `0777` is octal and every number becomes a float. Dates and binary stay text; merges are left to
 * whoever reads.
 * https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/goyaml.v2/resolve.go
 */
const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const NULL = /^(?:~|null|Null|NULL)?$/;
const INTEGER =
  /^[-+]?(?:0b_*[01][01_]*|0x_*[0-9a-fA-F][0-9a-fA-F_]*|0o_*[0-7][0-7_]*|[0-9][0-9_]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  ".nan": Number.NaN,
  ".inf": Number.POSITIVE_INFINITY,
  "+.inf": Number.POSITIVE_INFINITY,
  "-.inf": Number.NEGATIVE_INFINITY,
};

function scalar(
  tag: string,
  matches: (text: string) => boolean,
  read: (text: string) => string | number | boolean | null,
): Type {
  return new Type(`tag:yaml.org,2002:${tag}`, {
    kind: "scalar",
    resolve: (text: string | null) => matches(text ?? ""),
    construct: (text: string | null) => read(text ?? ""),
  });
}

function isNull(text: string): boolean {
  return text === "" || /^[~nN]/.test(text) ? NULL.test(text) : false;
}

function isBoolean(text: string): boolean {
  return text.length < 6 && /^[yYnNtTfFoO]/.test(text) && (TRUE.test(text) || FALSE.test(text));
}

function isInteger(text: string): boolean {
  return /^[-+0-9]/.test(text) && INTEGER.test(text);
}

function isFloat(text: string): boolean {
  if (!/^[-+.0-9]/.test(text)) return false;
  return FLOAT.test(text) || Object.hasOwn(SPECIAL, text.toLowerCase());
}

function readInteger(text: string): number {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  const sign = text.startsWith("-") ? -1 : 1;
  const octal = /^0o?([0-7]+)$/.exec(digits);
  return sign * (octal === null ? Number(digits) : Number.parseInt(octal[1] ?? "", 8));
}

/** A whole number as decimals, unless 64 bits have no room for it. */
function integerText(text: string): string {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "").toLowerCase();
  const octal = /^0o?([0-7]+)$/.exec(digits);
  const size = BigInt(octal === null ? digits : `0o${octal[1] ?? ""}`);
  const value = text.startsWith("-") ? -size : size;
  const fits = value < 0n ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  if (fits === value) return value.toString();
  return /^\d+$/.test(digits) ? floatText(Number(text.replaceAll("_", ""))) : text;
}

/**
 * A float in as few digits as tell it from its neighbors of 32 bits, which is what Helm keeps of it.
 * https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/yaml.go
 */
function floatText(value: number): string {
  const single = Math.fround(value);
  const isSingle = (text: string): boolean => Math.fround(Number(text)) === single;
  let digits = 1;
  while (digits < MAX_SINGLE_DIGITS && !isSingle(single.toPrecision(digits))) digits++;
  return formatFloat(Number(single.toPrecision(digits)));
}

/** No float of 32 bits needs more. */
const MAX_SINGLE_DIGITS = 9;

function readFloat(text: string): number {
  return SPECIAL[text.toLowerCase()] ?? Number(text);
}

/** True for a plain scalar that is not read as text. */
export function isTypedScalar(text: string): boolean {
  return isNull(text) || isBoolean(text) || isInteger(text) || isFloat(text);
}

const EXPLICIT = [
  scalar(
    "str",
    () => true,
    (text) => text,
  ),
  new Type("tag:yaml.org,2002:seq", { kind: "sequence" }),
  new Type("tag:yaml.org,2002:map", { kind: "mapping" }),
  scalar(
    "binary",
    () => true,
    (text) => text,
  ),
  scalar(
    "timestamp",
    () => true,
    (text) => text,
  ),
];

export const GO_YAML = new Schema({
  implicit: [
    scalar("null", isNull, () => null),
    scalar("bool", isBoolean, (text) => TRUE.test(text)),
    scalar("int", isInteger, readInteger),
    scalar("float", isFloat, readFloat),
  ],
  explicit: EXPLICIT,
});

/** The same where a text is wanted: `yes` is `true` there, and 1.10 is 1.1. */
export const GO_TEXTS = new Schema({
  implicit: [
    scalar("null", isNull, () => null),
    scalar("bool", isBoolean, (text) => String(TRUE.test(text))),
    scalar("int", isInteger, integerText),
    scalar("float", isFloat, (text) => floatText(readFloat(text))),
  ],
  explicit: EXPLICIT,
});

/** From seven digits before the point on, Go shows an exponent (`1e+06`). */
const FIRST_EXPONENT = 6;

/** Go's shortest form of a float, `strconv.FormatFloat(v, 'g', -1, 64)`. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < FIRST_EXPONENT) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
