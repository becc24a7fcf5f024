import type { ErrorObject, ValidateFunction } from "ajv";
import { shownPath, textOf, type Chart } from "../../chart/chart.ts";
import type { Problem } from "../template/problem.ts";
import { integerOf, isList, type Value } from "../template/value.ts";
import { allInstances, type Instance } from "./compose.ts";
import { plainCheck } from "./plain-schema.ts";
import type { Check } from "./plain-words.ts";
import { inWords, whyUnusable } from "./schema-words.ts";
import { isOldDraft, makeValidator, readSchema, type WrittenSchema } from "./validator.ts";

/** What Helm checks values against. https://helm.sh/docs/topics/charts/#schema-files */
const SCHEMA_FILE = "values.schema.json";

/** What one schema has to say; more of it says no more. */
const MAX_PROBLEMS = 20;

/** By the chart: to make one schema ready takes longer than all that it is then used for. */
const opened = new WeakMap<Chart, Promise<ValuesSchemas>>();

/** Reads the schemas in a chart, once however often they are asked for. Nothing that they refer to is fetched. */
export function openSchemas(chart: Chart): Promise<ValuesSchemas> {
  const known = opened.get(chart) ?? readSchemas(chart);
  opened.set(chart, known);
  return known;
}

async function readSchemas(chart: Chart): Promise<ValuesSchemas> {
  const schemas = new ValuesSchemas();
  for (const one of chartsIn(chart)) if (one.files.has(SCHEMA_FILE)) await schemas.add(one);
  return schemas;
}

function chartsIn(chart: Chart): Chart[] {
  return [chart, ...chart.subcharts.flatMap(chartsIn)];
}

/** What charts that are switched on have against their values. */
export type CheckValues = (root: Instance) => Problem[];

/** The schemas of a chart and its subcharts. */
export class ValuesSchemas {
  readonly #schemas = new Map<Chart, Schema>();
  readonly #unusable = new Map<string, string>();

  /** Schemas that could not be used, and why: by the path of each. */
  get unusable(): ReadonlyMap<string, string> {
    return this.#unusable;
  }

  async add(chart: Chart): Promise<void> {
    const text = textOf(chart, SCHEMA_FILE);
    try {
      const schema = new Schema(readSchema(text));
      if (!schema.isPlain) await schema.makeReady();
      this.#schemas.set(chart, schema);
    } catch (error) {
      // Whatever is wrong with a stranger's schema, the images are found without it.
      this.#unusable.set(shownPath(chart, SCHEMA_FILE), whyUnusable(error, text));
    }
  }

  /** What charts that are switched on have against their values. */
  async problemsOf(root: Instance): Promise<Problem[]> {
    for (const { chart, values } of allInstances(root)) {
      const schema = this.#schemas.get(chart);
      if (schema?.takes(values) === false) await schema.makeReady();
    }
    return this.#problemsOf(root);
  }

  /** Gives what answers the same at once, however often it is asked. */
  async ready(): Promise<CheckValues> {
    for (const schema of this.#schemas.values()) await schema.makeReady();
    return (root) => this.#problemsOf(root);
  }

  #problemsOf(root: Instance): Problem[] {
    return allInstances(root).flatMap(
      (instance) => this.#schemas.get(instance.chart)?.problemsWith(instance) ?? [],
    );
  }
}

/** A schema, and the validator that is made of it where a plain check does not do. */
class Schema {
  readonly #written: WrittenSchema;
  readonly #check: Check | undefined;
  #validate: ValidateFunction | undefined;

  constructor(written: WrittenSchema) {
    this.#written = written;
    this.#check =
      typeof written.words === "boolean"
        ? undefined
        : plainCheck(written.words, isOldDraft(written.draft));
  }

  /** It can be used without a validator. */
  get isPlain(): boolean {
    return this.#check !== undefined;
  }

  /** @throws Error for a faulty schema */
  async makeReady(): Promise<void> {
    this.#validate ??= await makeValidator(this.#written);
  }

  /** False where only the validator can say. */
  takes(values: Value): boolean {
    return this.#check?.(values) === true;
  }

  /** Nothing as long as it is not ready. */
  problemsWith({ chart, path, values }: Instance): Problem[] {
    const validate = this.#validate;
    if (validate === undefined || this.takes(values) || validate(plain(values))) return [];
    const file = shownPath(chart, SCHEMA_FILE);
    const problems = (validate.errors ?? []).map((error) => problemFrom(error, path, file));
    const distinct = new Map(problems.map((one) => [`${one.path?.join(".")} ${one.reason}`, one]));
    return [...distinct.values()].slice(0, MAX_PROBLEMS);
  }
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
