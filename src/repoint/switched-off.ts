import type { Dict, Value } from "../helm/template/value.ts";
import { formatPath, type ValuesPath } from "../helm/values/path.ts";
import { isCalledPart } from "./leaves.ts";

/** The setting that charts switch a part on with. */
const SWITCH = "enabled";

/**
 * Settings that switch on what has an image among its values: each part that is off, with those above
 * it that are off too. As a report shows them, `csi.enabled=true`.
 */
export function switchedOff(values: Dict): (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  const walk = (value: Value, path: ValuesPath, above: readonly string[]): void => {
    if (value instanceof Map) {
      const isOff = value.get(SWITCH) === false;
      const way = isOff ? [...above, `${formatPath([...path, SWITCH])}=true`] : above;
      for (const [key, item] of value) walk(item, [...path, key], way);
    } else if (typeof value === "string" && value !== "" && isCalledPart(path)) {
      if (above.length > 0) found.set(above.join("\n"), above);
    }
  };
  walk(values, [], []);
  return [...found.values()];
}
