import { DrayError } from "../../errors.ts";
import { readJson as readStrictJson } from "../template/from-json.ts";
import type { Dict, Value } from "../template/value.ts";
import { Parser } from "./set-values.ts";

/**
 * Applies `name={"a":1},other=[1,2]` as Helm's `--set-json` does, or a whole table.
 * @throws DrayError `DRAY_SET_INVALID`
 */
export function applyJson(assignments: string, values: Dict): void {
  const trimmed = assignments.trim();
  if (trimmed.startsWith("{")) {
    const table = readJson(trimmed);
    if (table instanceof Map) lay(values, table);
    return;
  }
  new Parser(assignments, { read: (text) => text, take: takeJson }).assignments(values);
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
  return { value: readJson(rest.slice(0, length)), length };
}

const SCALAR = /"(?:\\.|[^"\\])*"|-?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][-+]?\d*)?|true|false|null/sy;
/** A text, a bracket, or what is neither of these. */
const PIECE = /"(?:\\.|[^"\\])*"|[{[]|[}\]]|[^"{}[\]]+|"/gs;

/** Where the value ends with which a text begins. */
function lengthOfJson(text: string): number {
  SCALAR.lastIndex = 0;
  if (SCALAR.test(text)) return SCALAR.lastIndex;
  let depth = 0;
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    if (piece === "{" || piece === "[") depth++;
    else if (piece === "}" || piece === "]") depth--;
    if (depth <= 0) return index + piece.length;
  }
  return text.length;
}

function readJson(text: string): Value {
  try {
    return readStrictJson(text, () => {});
  } catch (cause) {
    throw new DrayError(
      "DRAY_SET_INVALID",
      `Cannot read ${JSON.stringify(text.slice(0, 200))}: it is no JSON`,
      { kind: "usage", cause, hint: `Write it as Helm's --set-json does: name={"a": 1}.` },
    );
  }
}
