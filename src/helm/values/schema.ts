import type { Ajv, ErrorObject, Options, ValidateFunction } from "ajv";
import { shownPath, textOf, type Chart } from "../../chart/chart.ts";
import { compileRegex } from "../../chart/regex.ts";
import type { Problem } from "../template/evaluate.ts";
import { integerOf, isList, type Value } from "../template/value.ts";
import { inWords, whyUnusable } from "./schema-words.ts";
import { allInstances, type Instance } from "./compose.ts";

/** What Helm checks values against. https://helm.sh/docs/topics/charts/#schema-files */
const SCHEMA_FILE = "values.schema.json";

/** What one schema has to say; more of it says no more. */
const MAX_PROBLEMS = 20;

/** The schemas of a chart and its subcharts, ready for use. */
export interface ValuesSchemas {
  /** What charts that are switched on have against their values. */
  problemsOf(root: Instance): Problem[];
  /** Schemas that could not be used, and why: by the path of each. */
  readonly unusable: ReadonlyMap<string, string>;
}

/** By the chart: to make one schema ready takes longer than all that it is then used for. */
const opened = new WeakMap<Chart, Promise<ValuesSchemas>>();

/** Reads the schemas in a chart, once however often they are asked for. Nothing that they refer to is fetched. */
export function openSchemas(chart: Chart): Promise<ValuesSchemas> {
  const known = opened.get(chart) ?? readSchemas(chart);
  opened.set(chart, known);
  return known;
}

async function readSchemas(chart: Chart): Promise<ValuesSchemas> {
  const validators = new Map<Chart, ValidateFunction>();
  const unusable = new Map<string, string>();
  for (const one of chartsIn(chart)) {
    if (!one.files.has(SCHEMA_FILE)) continue;
    const text = textOf(one, SCHEMA_FILE);
    try {
      validators.set(one, await compile(text));
    } catch (error) {
      // Whatever is wrong with a stranger's schema, the images are found without it.
      unusable.set(shownPath(one, SCHEMA_FILE), whyUnusable(error, text));
    }
  }
  const problemsOf = (root: Instance): Problem[] =>
    allInstances(root).flatMap((instance) => {
      const validate = validators.get(instance.chart);
      return validate === undefined ? [] : problemsWith(instance, validate);
    });
  return { problemsOf, unusable };
}

function chartsIn(chart: Chart): Chart[] {
  return [chart, ...chart.subcharts.flatMap(chartsIn)];
}

async function compile(text: string): Promise<ValidateFunction> {
  const schema: unknown = JSON.parse(text);
  if (typeof schema === "boolean") return (await validator("")).compile(schema);
  if (typeof schema !== "object" || schema === null) throw new Error("expected an object");
  const words = new Map<string, unknown>(Object.entries(schema));
  const named = words.get("$schema");
  const draft = typeof named === "string" ? named : "";
  words.delete("$schema");
  const rest = Object.fromEntries(words);
  return (await validator(draft)).compile(/draft-0[34]/.test(draft) ? asDraft7(rest) : rest);
}

async function validator(draft: string): Promise<Ajv> {
  if (/2019-09/.test(draft)) {
    const { Ajv2019 } = await import("ajv/dist/2019.js");
    return new Ajv2019(OPTIONS);
  }
  if (/2020-12/.test(draft)) {
    const { Ajv2020 } = await import("ajv/dist/2020.js");
    return new Ajv2020(OPTIONS);
  }
  const { Ajv: Ajv7 } = await import("ajv");
  return new Ajv7(OPTIONS);
}

/** Patterns are those of Go, and take no more time than they may. */
const regExp = Object.assign(
  (pattern: string): { test(text: string): boolean } => {
    const regex = compileRegex(pattern);
    if ("problem" in regex) throw new Error(`${JSON.stringify(pattern)}: ${regex.problem}`);
    return { test: (text) => regex.test(text) };
  },
  { code: "compileRegex" },
);

const OPTIONS: Options = {
  strict: false,
  allErrors: true,
  // With the value that does not fit.
  verbose: true,
  validateFormats: false,
  validateSchema: false,
  logger: false,
  // Each is used once: making it faster takes longer than using it.
  code: { regExp, optimize: false },
};

/** Draft 4 has other words for two things. https://json-schema.org/draft-06/json-schema-release-notes */
function asDraft7(schema: object): object {
  const entries = Object.entries(schema).map(([key, value]: [string, unknown]) => {
    const isSchema = typeof value === "object" && value !== null && !Array.isArray(value);
    return [key, isSchema ? asDraft7(value) : value] as const;
  });
  const converted = new Map<string, unknown>(entries);
  for (const [exclusive, bound] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    if (typeof converted.get(exclusive) !== "boolean") continue;
    const isExclusive = converted.get(exclusive) === true;
    converted.delete(exclusive);
    if (!isExclusive) continue;
    converted.set(exclusive, converted.get(bound));
    converted.delete(bound);
  }
  if (typeof converted.get("id") === "string") converted.delete("id");
  return Object.fromEntries(converted);
}

function problemsWith({ chart, path, values }: Instance, validate: ValidateFunction): Problem[] {
  if (validate(plain(values))) return [];
  const file = shownPath(chart, SCHEMA_FILE);
  const problems = (validate.errors ?? []).map((error) => problemFrom(error, path, file));
  const distinct = new Map(problems.map((one) => [`${one.path?.join(".")} ${one.reason}`, one]));
  return [...distinct.values()].slice(0, MAX_PROBLEMS);
}

function problemFrom(error: ErrorObject, above: readonly string[], file: string): Problem {
  const names = error.instancePath.split("/").slice(1);
  const at = [...above, ...names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))];
  const params: Readonly<Record<string, unknown>> = error.params;
  const { missingProperty } = params;
  if (error.keyword === "required" && typeof missingProperty === "string") {
    const path = [...at, missingProperty];
    return { file, line: 1, refused: true, reason: `${file} requires ${missingProperty}`, path };
  }
  const shown = at.length === 0 ? "the values" : at.join(".");
  return { file, line: 1, refused: true, reason: `${shown}: ${inWords(error)} (${file})` };
}

/** As JSON has it. */
function plain(value: Value): unknown {
  const whole = integerOf(value);
  if (whole !== undefined) return Number(whole);
  if (isList(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
}
