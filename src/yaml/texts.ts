import { FAILSAFE_SCHEMA } from "js-yaml";
import { isSequence, parseYaml, readYaml, type YamlValue } from "./read.ts";

/**
 * One YAML document in which every scalar is the text that stands there: a version 1.10 stays 1.10.
 * What is written as nothing, `~` or `null` is null.
 * @throws DrayError `DRAY_YAML_INVALID`
 */
export function readTexts(text: string, what: string): unknown {
  return plain(readYaml(text, what, { texts: true }));
}

/** What stands there empty is absent. */
function plain(value: YamlValue): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  }
  if (isSequence(value)) return value.map(plain);
  return value === "" || value === "null" || value === "~" ? null : value;
}

/**
 * What stands below `path` in a document that may be too large to be copied. Aliases are not written
 * out, so what comes back may be shared, or hold itself: whoever reads it picks.
 * @throws DrayError `DRAY_YAML_INVALID`
 */
export function pickTexts(text: string, path: readonly string[], what: string): unknown {
  let value = parseYaml(text, FAILSAFE_SCHEMA, what);
  for (const key of path) {
    const isTable = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    value = isTable ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}
