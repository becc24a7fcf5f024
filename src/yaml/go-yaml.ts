import { Schema, Type } from "js-yaml";

/**
 * What go-yaml takes a plain scalar for: by the rules of YAML 1.1 `yes`, `on` and `y` are booleans,
 * `0777` is octal and every number becomes a float. Dates stay text.
 * https://github.com/yaml/go-yaml/blob/v2.4.2/resolve.go
 */
const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const NULL = /^(?:~|null|Null|NULL)?$/;
const INTEGER = /^[-+]?(?:0[bB][01]+|0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const SPECIAL = /^(?:\.(?:nan|NaN|NAN)|[-+]?\.(?:inf|Inf|INF))$/;
const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\S.*)?$/;

/** A scalar that is another text as a key than it is printed as. */
export class GoScalar {
  readonly value: string | number | null;
  readonly #key: string;

  constructor(value: string | number | null, key: string) {
    this.value = value;
    this.#key = key;
  }

  /** By this the parser knows that it is no table. */
  get [Symbol.toStringTag](): string {
    return "Scalar";
  }

  toString(): string {
    return this.#key;
  }
}

/** A key that Go has no text for: no YAML text begins so. */
const NO_TEXT = "\0dray ";
const NULL_KEY = `${NO_TEXT}null`;
const MERGE_KEY = `${NO_TEXT}<<`;
const LARGE_KEY = `${NO_TEXT}large`;

/** Why a key is none to Go; undefined for one that is. */
export function whyNoKey(key: string): string | undefined {
  if (key === "[object Object]") return "a table in the place of a key";
  if (!key.startsWith(NO_TEXT)) return undefined;
  return key === NULL_KEY
    ? "nothing (null) in the place of a key"
    : "a key that is too large a number";
}

/** True for `<<`, which brings in the entries of other tables. */
export function isMerge(key: string): boolean {
  return key.startsWith(MERGE_KEY);
}

const NOTHING = new GoScalar(null, NULL_KEY);
let merges = 0;

type Scalar = string | number | boolean | null | GoScalar;

function scalar(
  tag: string,
  matches: (text: string) => boolean,
  read: (text: string) => Scalar,
): Type {
  return new Type(tag.includes(":") ? tag : `tag:yaml.org,2002:${tag}`, {
    kind: "scalar",
    resolve: (found: Scalar) => matches(textOf(found)),
    construct: (found: Scalar) => read(textOf(found)),
  });
}

/** Where a tag has a line of its own, the parser has read what stands below already. */
function textOf(found: Scalar): string {
  return found === null ? "" : String(found);
}

function isNull(text: string): boolean {
  return text === "" || /^[~nN]/.test(text) ? NULL.test(text) : false;
}

function isBoolean(text: string): boolean {
  return text.length < 6 && /^[yYnNtTfFoO]/.test(text) && (TRUE.test(text) || FALSE.test(text));
}

function isInteger(text: string): boolean {
  return /^[-+0-9]/.test(text) && integerOf(text) !== undefined;
}

function isFloat(text: string): boolean {
  if (!/^[-+.0-9]/.test(text)) return false;
  return floatOf(text) !== undefined;
}

function plain(text: string): string {
  return text.includes("_") ? text.replaceAll("_", "") : text;
}

/** Undefined for what is none, or has no room in 64 bits. */
function integerOf(text: string): bigint | number | undefined {
  const digits = plain(text);
  if (!INTEGER.test(digits)) return undefined;
  // Most are small.
  if (digits.length < 10 && !/^[-+]?0./.test(digits)) return Number(digits);
  const size = BigInt(
    digits
      .replace(/^[-+]/, "")
      .toLowerCase()
      .replace(/^0(?=[0-7])/, "0o"),
  );
  const value = digits.startsWith("-") ? -size : size;
  // Where there is a sign, there has to be room for one.
  const isSigned = /^[-+]/.test(digits);
  const fits = isSigned ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  return fits === value ? value : undefined;
}

function floatOf(text: string): number | undefined {
  if (SPECIAL.test(text)) return specialFloat(text);
  // Behind a point Go looks at the text as it is.
  const digits = text.startsWith(".") ? text : plain(text);
  if (!FLOAT.test(digits) || TIMESTAMP.test(text)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefined;
}

function specialFloat(text: string): number {
  if (/n$/i.test(text)) return Number.NaN;
  return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const LARGEST_KEY = 2n ** 63n - 1n;

function readInteger(text: string): number | GoScalar {
  const value = integerOf(text) ?? 0;
  if (typeof value === "number") return value;
  return new GoScalar(Number(value), value > LARGEST_KEY ? LARGE_KEY : value.toString());
}

function readFloat(text: string): GoScalar {
  const value = floatOf(text) ?? 0;
  return new GoScalar(value, floatKey(value));
}

/**
 * A float in as few digits as tell it from its neighbors of 32 bits, which is what Helm keeps of it.
 * https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/yaml.go
 */
function floatText(value: number): string {
  const single = Math.fround(value);
  if (single === 0 || !Number.isFinite(single)) return formatFloat(single);
  const isSingle = (text: string): boolean => Math.fround(Number(text)) === single;
  let digits = 1;
  while (digits < MAX_SINGLE_DIGITS && !isSingle(single.toPrecision(digits))) digits++;
  return formatFloat(Number(single.toPrecision(digits)));
}

function floatKey(value: number): string {
  const text = floatText(value);
  return SPECIAL_KEYS[text] ?? text;
}

const SPECIAL_KEYS: Readonly<Record<string, string>> = {
  NaN: ".nan",
  "+Inf": ".inf",
  "-Inf": "-.inf",
};

/** No float of 32 bits needs more. */
const MAX_SINGLE_DIGITS = 9;

/** True for a plain scalar that is not read as text. */
export function isTypedScalar(text: string): boolean {
  return isNull(text) || isBoolean(text) || isInteger(text) || isFloat(text);
}

const readMerge = (): GoScalar => new GoScalar("<<", `${MERGE_KEY}${merges++}`);

/** What a tag says has to be so. */
const TAGGED: readonly Type[] = [
  scalar(
    "str",
    () => true,
    (text) => text,
  ),
  scalar("null", isNull, () => NOTHING),
  scalar("bool", isBoolean, (text) => TRUE.test(text)),
  scalar("int", isInteger, readInteger),
  scalar(
    "float",
    (text) => isInteger(text) || isFloat(text),
    (text) => (isInteger(text) ? readInteger(text) : readFloat(text)),
  ),
  scalar("binary", isBase64, (text) => Buffer.from(text, "base64").toString()),
  scalar(
    "timestamp",
    (text) => TIMESTAMP.test(text),
    (text) => text,
  ),
  scalar("merge", () => true, readMerge),
];

function isBase64(text: string): boolean {
  const digits = text.replace(/[\r\n]/g, "");
  return digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
}

/** Any other tag says nothing. */
const OTHER_TAGS = ["!", "tag:", "http", ""].flatMap((tag) => [
  new Type(tag, { kind: "scalar", multi: true, construct: (text: string | null) => text ?? "" }),
  new Type(tag, { kind: "sequence", multi: true }),
  new Type(tag, { kind: "mapping", multi: true }),
]);

/** Plain scalars, by what they are for Go programs. */
function schemaOf(read: {
  readonly bool: (text: string) => Scalar;
  readonly int: (text: string) => Scalar;
  readonly float: (text: string) => Scalar;
}): Schema {
  return new Schema({
    implicit: [
      scalar("dray:null", isNull, () => NOTHING),
      scalar("dray:bool", isBoolean, read.bool),
      scalar("dray:int", isInteger, read.int),
      scalar("dray:float", isFloat, read.float),
      scalar("dray:merge", (text) => text === "<<", readMerge),
    ],
    explicit: [...TAGGED, ...OTHER_TAGS],
  });
}

export const GO_YAML = schemaOf({
  bool: (text) => TRUE.test(text),
  int: readInteger,
  float: readFloat,
});

/** The same where a text is wanted: `yes` is `true` there, and 1.10 is 1.1. */
export const GO_TEXTS = schemaOf({
  bool: (text) => String(TRUE.test(text)),
  int: (text) => String(integerOf(text)),
  float: (text) => floatText(floatOf(text) ?? 0),
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
