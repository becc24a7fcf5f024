import { wordsOf } from "../../discover/image-key.ts";
import type { Dict, Value } from "../../helm/template/value.ts";
import type { ValuesPath } from "../../helm/values/path.ts";
import type { Edit } from "../edits.ts";

/** Names of settings with which something tells its makers of itself, or asks them for news. */
const CALLING_HOME =
  /\b(?:telemetry|analytics|phone ?home|call ?home|usage (?:stats?|statistics|report(?:ing|s)?|data|collector)|report(?:ing)? usage|anonymous (?:usage|reports?|stats)|(?:check|look) (?:for )?(?:new )?(?:updates?|versions?)|(?:update|version) (?:check(?:s|er|ing)?|notifications?)|updates? check|license (?:server|check)|replicated|crash reports?)\b/;

/** True for `CHECK_FOR_UPDATES`, `--usage-reporting`, `telemetry.enabled`. */
export function speaksOfCallingHome(name: string): boolean {
  const words = wordsOf(name).join(" ");
  return CALLING_HOME.test(words) && !INSTRUMENT.test(words);
}

/** OpenTelemetry's own settings say what is measured, not who is told. */
const INSTRUMENT = /^otel\b/;

/** Switches that are tried; each takes a rendering. */
const MAX_SWITCHES = 12;

/** Values that turn such a thing off, as far as their names tell. */
export function homeSwitches(values: Dict): Edit[] {
  const found: Edit[] = [];
  const walk = (value: Value, path: ValuesPath): void => {
    if (found.length >= MAX_SWITCHES) return;
    if (value instanceof Map) {
      for (const [key, item] of value) {
        // Globals of a subchart are set at the top.
        if (path.length > 0 && key === "global") continue;
        walk(item, [...path, key]);
      }
    } else if (typeof value === "boolean" && speaksOfCallingHome(path.join("."))) {
      if (value !== isNegative(path.at(-1) ?? "")) found.push({ path, value: !value });
    }
  };
  walk(values, []);
  return found;
}

/** True for `disableTelemetry`, which is off where it is true. */
export function isNegative(name: string): boolean {
  return /\b(?:disabled?|skip|no|opt ?out)\b/.test(wordsOf(name).join(" "));
}
