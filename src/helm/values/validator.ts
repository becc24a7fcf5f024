import type { Ajv, AnySchema, Options, ValidateFunction } from "ajv";
import { compileRegex } from "../../chart/regex.ts";
import { FORMATS } from "./formats.ts";

/** A schema as it is written. */
export interface WrittenSchema {
  /** What `$schema` says, empty where it does not. */
  readonly draft: string;
  /** All other words, or true or false for everything or nothing. */
  readonly words: ReadonlyMap<string, unknown> | boolean;
}

/** @throws Error for what is no JSON, or no schema */
export function readSchema(text: string): WrittenSchema {
  const schema: unknown = JSON.parse(text);
  if (typeof schema === "boolean") return { draft: "", words: schema };
  if (typeof schema !== "object" || schema === null) throw new Error("expected an object");
  const words = new Map<string, unknown>(Object.entries(schema));
  const draft = words.get("$schema");
  words.delete("$schema");
  return { draft: typeof draft === "string" ? draft : "", words };
}

/** Drafts in which formats are checked, and nothing counts beside `$ref`. */
export function isOldDraft(draft: string): boolean {
  return /draft-0[3467]/.test(draft);
}

/** Makes a validator of a schema, and loads what it takes for that. @throws Error for a faulty schema */
export async function makeValidator({ draft, words }: WrittenSchema): Promise<ValidateFunction> {
  const schema = typeof words === "boolean" ? words : Object.fromEntries(words);
  return (await validator(draft)).compile(meant(schema, draft) as AnySchema);
}

/** Without a draft it is the newest, as Helm has it. */
async function validator(draft: string): Promise<Ajv> {
  if (isOldDraft(draft)) {
    const { Ajv: Ajv7 } = await import("ajv");
    return new Ajv7({ ...OPTIONS, validateFormats: true, formats: FORMATS });
  }
  if (/2019-09/.test(draft)) {
    const { Ajv2019 } = await import("ajv/dist/2019.js");
    return new Ajv2019(OPTIONS);
  }
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  return new Ajv2020(OPTIONS);
}

/** Patterns are those of Go, and take no more time than they may. */
const regExp = Object.assign(
  (pattern: string): { test(text: string): boolean; toString(): string } => {
    const regex = compileRegex(pattern);
    if ("problem" in regex) throw new Error(`${JSON.stringify(pattern)}: ${regex.problem}`);
    // By what it is called it is told from the other patterns of the schema.
    return { test: (text) => regex.test(text), toString: () => pattern };
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
  multipleOfPrecision: 9,
  logger: false,
  // Each is used once: making it faster takes longer than using it.
  code: { regExp, optimize: false },
};

/** Words behind which there are values and no schemas. */
const DATA: ReadonlySet<string> = new Set(["enum", "const", "default", "examples"]);

/** A schema as the validator understands it; `nullable` is a word of its own alone. */
function meant(schema: unknown, draft: string): unknown {
  if (Array.isArray(schema)) return schema.map((one: unknown) => meant(one, draft));
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema) as [string, unknown][];
  const converted = new Map(
    entries.map(([key, value]) => [key, DATA.has(key) ? value : meant(value, draft)]),
  );
  if (converted.get("nullable") === true) converted.delete("nullable");
  if (isOldDraft(draft) && typeof converted.get("$ref") === "string") onlyReference(converted);
  if (/draft-0[34]/.test(draft)) takeBounds(converted);
  return Object.fromEntries(converted);
}

/** Old drafts look at nothing beside a reference; what others may refer to stays. */
function onlyReference(schema: Map<string, unknown>): void {
  for (const key of schema.keys()) {
    if (key !== "$ref" && key !== "definitions" && key !== "$defs") schema.delete(key);
  }
}

/** Draft 4 has other words for two things. https://json-schema.org/draft-06/json-schema-release-notes */
function takeBounds(schema: Map<string, unknown>): void {
  for (const [exclusive, bound] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    if (typeof schema.get(exclusive) !== "boolean") continue;
    const isExclusive = schema.get(exclusive) === true;
    schema.delete(exclusive);
    if (!isExclusive) continue;
    schema.set(exclusive, schema.get(bound));
    schema.delete(bound);
  }
  if (typeof schema.get("id") === "string") schema.delete("id");
}
