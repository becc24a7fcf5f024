import { DrayError } from "../errors.ts";
import { splitDocuments } from "../yaml/places.ts";
import { readYaml, type YamlMap } from "../yaml/read.ts";

/**
 * Reads a values file; several documents in it are joined, the later ones winning.
 * @throws DrayError `DRAY_YAML_INVALID`, `DRAY_VALUES_INVALID`
 */
export function readValues(text: string, what: string): YamlMap {
  const values: YamlMap = new Map();
  for (const document of splitDocuments(text)) {
    const value = readYaml(document.text, what);
    if (value === null) continue;
    if (!(value instanceof Map)) {
      throw new DrayError("DRAY_VALUES_INVALID", `Cannot read ${what}: expected a mapping`, {
        kind: "refused",
      });
    }
    overlay(values, value);
  }
  return values;
}

/** Puts `over` on top of `base`: tables are joined, everything else is replaced. */
export function overlay(base: YamlMap, over: YamlMap): void {
  for (const [key, value] of over) {
    const there = base.get(key);
    if (there instanceof Map && value instanceof Map) overlay(there, value);
    else base.set(key, value);
  }
}
