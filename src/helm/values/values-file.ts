import { DrayError } from "../../errors.ts";
import { Dict } from "../template/value.ts";
import { splitDocuments } from "../../yaml/documents.ts";
import { readYaml } from "../../yaml/read.ts";

/**
 * Reads a values file; several documents in it are joined, the later ones winning.
 * @throws DrayError `DRAY_YAML_INVALID`, `DRAY_VALUES_INVALID`
 */
export function readValues(text: string, what: string): Dict {
  const values = new Dict();
  for (const document of splitDocuments(text)) {
    const value = readYaml(document.text, what);
    if (value === null) continue;
    if (!(value instanceof Dict)) {
      throw new DrayError("DRAY_VALUES_INVALID", `Cannot read ${what}: expected a mapping`, {
        kind: "refused",
      });
    }
    overlay(values, value);
  }
  return values;
}

/** Puts `over` on top of `base`: tables are joined, everything else is replaced. */
export function overlay(base: Dict, over: Dict): void {
  for (const [key, value] of over) {
    const there = base.get(key);
    if (there instanceof Dict && value instanceof Dict) overlay(there, value);
    else base.set(key, value);
  }
}
