import type { ErrorObject } from "ajv";
import { jsonFault } from "../../oci/json-fault.ts";

type Parameters = Readonly<Record<string, unknown>>;

/** What Helm's users call the types of JSON. */
const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  null: "nothing (null)",
};

const BOUNDS: Readonly<Record<string, string>> = {
  ">=": "at least",
  "<=": "at most",
  ">": "more than",
  "<": "less than",
};

/** Longer values help nobody to find theirs. */
const MAX_SHOWN = 60;

const limit = ({ limit: most }: Parameters): string => String(most);
const bound = ({ comparison, limit: most }: Parameters): string =>
  `expected ${BOUNDS[String(comparison)] ?? "another number than"} ${String(most)}`;

/** What was expected, by the word of the schema that says so. */
const EXPECTED: Readonly<Record<string, (params: Parameters) => string>> = {
  type: ({ type }) => `expected ${namesOf(type)}`,
  enum: ({ allowedValues }) => `expected one of ${shown(allowedValues)}`,
  const: ({ allowedValue }) => `expected ${shown(allowedValue)}`,
  minimum: bound,
  maximum: bound,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: ({ multipleOf }) => `expected a multiple of ${String(multipleOf)}`,
  minLength: (params) => `expected a text of at least ${limit(params)} characters`,
  maxLength: (params) => `expected a text of at most ${limit(params)} characters`,
  format: ({ format }) => `expected a text of the form ${shown(format)}`,
  pattern: ({ pattern }) => `expected a text that fits the pattern ${shown(pattern)}`,
  minItems: (params) => `expected a list of at least ${limit(params)}`,
  maxItems: (params) => `expected a list of at most ${limit(params)}`,
  uniqueItems: () => "expected a list in which nothing stands twice",
  contains: () => "expected a list with something else in it, too",
  minProperties: (params) => `expected a map of at least ${limit(params)} names`,
  maxProperties: (params) => `expected a map of at most ${limit(params)} names`,
  additionalProperties: ({ additionalProperty }) =>
    `there is no setting ${shown(additionalProperty)} here`,
  unevaluatedProperties: ({ unevaluatedProperty }) =>
    `there is no setting ${shown(unevaluatedProperty)} here`,
  propertyNames: ({ propertyName }) => `no setting may have the name ${shown(propertyName)}`,
  dependencies: ({ property, deps }) => `${shown(property)} needs ${String(deps)} beside it`,
  dependentRequired: ({ property, deps }) => `${shown(property)} needs ${String(deps)} beside it`,
  anyOf: () => "fits none of the forms that the chart takes",
  oneOf: ({ passingSchemas }) =>
    passingSchemas == null
      ? "fits none of the forms that the chart takes"
      : "fits several of the forms of which the chart takes one",
  not: () => "has a form that the chart rules out",
  if: () => "does not fit what other settings ask of it",
  "false schema": () => "must not be set",
};

/** Words after which it helps to know what was there. */
const TELLS_FOUND: ReadonlySet<string> = new Set(
  "type enum const format pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(
    " ",
  ),
);

/** What a schema has against a value, in words; with the value where that is short. */
export function inWords({ keyword, params, data }: ErrorObject): string {
  const expected = EXPECTED[keyword]?.(params) ?? `does not fit ${shown(keyword)} of the schema`;
  return TELLS_FOUND.has(keyword) ? `${expected}, found ${found(keyword, data)}` : expected;
}

/** Why a schema cannot be used; `text` is what is in its file. */
export function whyUnusable(error: unknown, text: string): string {
  if (error instanceof SyntaxError) {
    const fault = jsonFault(text);
    if (fault === undefined) return "it is no JSON";
    return fault.found === undefined ? fault.reason : `${fault.reason}, found ${fault.found}`;
  }
  if (error instanceof RangeError) return "it is nested too deeply";
  if (!(error instanceof Error)) return "it is no schema";
  if ("missingRef" in error)
    return `it refers to ${shown(error.missingRef)}, which it does not hold`;
  const [line = ""] = error.message.split("\n");
  return `it is no schema that can be used (${line.slice(0, 200)})`;
}

function namesOf(type: unknown): string {
  const names = (Array.isArray(type) ? type : String(type).split(",")).map(String);
  return names.map((name) => TYPES[name] ?? name).join(" or ");
}

/** Of another type the type is what matters. */
function found(keyword: string, data: unknown): string {
  if (keyword !== "type" || typeof data !== "object" || data === null) return shown(data);
  return Array.isArray(data) ? "a list" : "a map";
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
