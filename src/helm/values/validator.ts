import type { Ajv, Options, ValidateFunction } from "ajv";
import { compileRegex } from "../../chart/regex.ts";

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

/** Makes a validator of a schema, and loads what it takes for that. @throws Error for a faulty schema */
export async function makeValidator({ draft, words }: WrittenSchema): Promise<ValidateFunction> {
  const schema = typeof words === "boolean" ? words : Object.fromEntries(words);
  const isOld = /draft-0[34]/.test(draft) && typeof schema === "object";
  return (await validator(draft)).compile(isOld ? asDraft7(schema) : schema);
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
