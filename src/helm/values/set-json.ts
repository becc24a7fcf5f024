import { readValues } from "../../chart/load-chart.ts";
import { DrayError } from "../../errors.ts";
import { readYaml } from "../../yaml/read.ts";
import type { Dict, Value } from "../template/value.ts";
import { Parser } from "./set-values.ts";

/**
 * Applies `name={"a":1},other=[1,2]` or a whole table, as Helm's `--set-json` does.
 * @throws DrayError `DRAY_SET_INVALID`
 */
export function applyJson(assignments: string, values: Dict): void {
  const trimmed = assignments.trim();
  if (trimmed.startsWith("{")) {
    requireJson(trimmed);
    lay(values, readValues(trimmed, "--set-json"));
    return;
  }
  const parser = new Parser(assignments, { read: (text) => text, take: takeJson });
  while (parser.assignment(values));
}

/** Puts `over` on top of `base`, table by table. */
export function lay(base: Dict, over: Dict): void {
  for (const [key, value] of over) {
    const there = base.get(key);
    if (there instanceof Map && value instanceof Map) lay(there, value);
    else base.set(key, value);
  }
}

function takeJson(rest: string): { value: Value; length: number } {
  const length = lengthOfJson(rest);
  const text = rest.slice(0, length);
  requireJson(text);
  return { value: readYaml(text, "--set-json"), length };
}

/** A text, a bracket, or what is neither of these nor a comma. */
const PIECE = /"(?:\\.|[^"\\])*"|[{[]|[}\]]|,|[^"{}[\],]+|"/gs;

/** Where the first value ends: at the first comma that is not within brackets or a text. */
function lengthOfJson(text: string): number {
  let depth = 0;
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    if (piece === "," && depth === 0) return index;
    if (piece === "{" || piece === "[") depth++;
    if (piece === "}" || piece === "]") depth--;
  }
  return text.length;
}

/** YAML takes more than JSON. */
function requireJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new DrayError(
      "DRAY_SET_INVALID",
      `Cannot read ${JSON.stringify(text.slice(0, 200))}: it is no JSON`,
      { kind: "usage", cause, hint: `Write it as Helm's --set-json does: name={"a": 1}.` },
    );
  }
}
