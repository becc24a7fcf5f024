import { FAILSAFE_SCHEMA, load, type Schema } from "js-yaml";
import { DrayError } from "../errors.ts";
import { HELM_SCHEMA } from "./schema.ts";

/** What a YAML text says, as plain data. */
export type YamlValue = null | string | boolean | number | readonly YamlValue[] | YamlMap;
export type YamlMap = Map<string, YamlValue>;

/** Values in one document, aliases written out: the largest real ones have some 50 000. */
const MAX_VALUES = 500_000;

/** Nesting; anything deeper only wants to reach the end of the stack. */
const MAX_NESTING = 100;

export interface ReadYamlOptions {
  /** Called for every value, for whoever counts. */
  readonly onValue?: (() => void) | undefined;
  /** Every scalar is the text that stands there. @default false */
  readonly texts?: boolean;
}

/**
 * Reads one YAML document as Helm does: the last of equal keys wins, keys become strings.
 * `what` names it in errors.
 * @throws DrayError `DRAY_YAML_INVALID`
 */
export function readYaml(text: string, what: string, options: ReadYamlOptions = {}): YamlValue {
  const schema = options.texts === true ? FAILSAFE_SCHEMA : HELM_SCHEMA;
  const plain = parseYaml(text, schema, what);
  let count = 0;
  const convert = (value: unknown, depth: number): YamlValue => {
    if (++count > MAX_VALUES) throw invalid(what, `it has more than ${MAX_VALUES} values`);
    if (depth > MAX_NESTING) throw invalid(what, `it is nested deeper than ${MAX_NESTING} levels`);
    options.onValue?.();
    if (Array.isArray(value)) return value.map((item) => convert(item, depth + 1));
    if (typeof value === "object" && value !== null) {
      return toMap(value, (item) => convert(item, depth + 1));
    }
    return scalar(value);
  };
  return convert(plain, 0);
}

/** The document as the parser makes it, aliases shared. @throws DrayError `DRAY_YAML_INVALID` */
export function parseYaml(text: string, schema: Schema, what: string): unknown {
  try {
    return load(text.replace(/^\uFEFF/, ""), { schema, json: true });
  } catch (cause) {
    throw invalid(what, reasonOf(cause), cause);
  }
}

/** The parser's reason without the excerpt that it draws. */
function reasonOf(cause: unknown): string {
  if (cause instanceof RangeError) return "it is nested too deep";
  return cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
}

/** `<<` brings in entries that the mapping itself lacks. https://yaml.org/type/merge.html */
function toMap(mapping: object, convert: (value: unknown) => YamlValue): YamlMap {
  const map: YamlMap = new Map();
  for (const [key, value] of Object.entries(mapping)) {
    if (key !== "<<") map.set(key, convert(value));
  }
  if (!Object.hasOwn(mapping, "<<")) return map;
  const merged = convert((mapping as Record<string, unknown>)["<<"]);
  const sources = isSequence(merged) ? merged : [merged];
  for (const source of sources) {
    if (!(source instanceof Map)) continue;
    for (const [key, value] of source) if (!map.has(key)) map.set(key, value);
  }
  return map;
}

export function isSequence(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}

function scalar(value: unknown): YamlValue {
  const plain =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return plain ? value : null;
}

function invalid(what: string, reason: string, cause?: unknown): DrayError {
  return new DrayError("DRAY_YAML_INVALID", `Cannot read ${what}: ${reason}`, {
    kind: "refused",
    cause,
  });
}
