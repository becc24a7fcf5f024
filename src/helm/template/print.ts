import { formatFloat } from "../../yaml/go-yaml.ts";
import type { Budget } from "./budget.ts";
import { BudgetError } from "./template-error.ts";
import { Integer, isList, isTrue, sortedKeys, Struct, type Dict, type Value } from "./value.ts";

/** Go shows this for nil; Helm takes it out of the finished text. */
export const NO_VALUE = "<no value>";

/** What an action prints: Go's `fmt.Print` of one value. */
export function printed(value: Value): string {
  if (value instanceof Struct) {
    return value.shown.addressed ?? pointedAt(value, { left: MAX_VALUES, depth: 0 });
  }
  return value === null ? NO_VALUE : format(value);
}

/** Values that are printed at once; only one that refers to itself over and over has more. */
const MAX_VALUES = 50_000;

/** A dictionary that holds itself ends here. */
const MAX_NESTING = 100;

/** Go's `%v`. @throws BudgetError */
export function format(value: Value): string {
  return typeof value === "string" ? value : formatTree(value, { left: MAX_VALUES, depth: 0 });
}

function formatTree(value: Value, at: { left: number; depth: number }): string {
  if (--at.left < 0 || at.depth > MAX_NESTING)
    throw new BudgetError("a value is too large to print");
  if (value instanceof Map || (typeof value === "object" && isList(value))) {
    at.depth++;
    const text = value instanceof Map ? formatDict(value, at) : formatItems(value, at);
    at.depth--;
    return text;
  }
  if (value === null) return "<nil>";
  if (typeof value === "number") return formatFloat(value);
  return value instanceof Struct ? formatStruct(value, at) : String(value);
}

/** Of a pointer within something else Go shows the address, which nobody knows beforehand. */
export const ADDRESS = "0xc000000000";

function formatStruct(struct: Struct, at: { left: number; depth: number }): string {
  if (!struct.isPointer || struct.shown.text !== undefined) return pointedAt(struct, at);
  return at.depth > 0 ? ADDRESS : `&${pointedAt(struct, at)}`;
}

function pointedAt(struct: Struct, at: { left: number; depth: number }): string {
  const { text } = struct.shown;
  if (text !== undefined) return text;
  at.depth++;
  const fields = struct.ownFields.map(([, value]) => formatTree(value, at));
  at.depth--;
  return `{${fields.join(" ")}}`;
}

function formatDict(dict: Dict, at: { left: number; depth: number }): string {
  const entries = sortedKeys(dict).map((key) => `${key}:${formatTree(dict.get(key) ?? null, at)}`);
  return `map[${entries.join(" ")}]`;
}

function formatItems(list: readonly Value[], at: { left: number; depth: number }): string {
  return `[${list.map((item) => formatTree(item, at)).join(" ")}]`;
}

export interface JsonOptions {
  readonly budget: Budget;
  /** Go writes `<`, `>` and `&` as escapes. @default false */
  readonly escapesHtml?: boolean;
  /** Spaces; none writes one line. @default 0 */
  readonly indent?: number;
}

/** Writes a value as Go's encoding/json does, keys sorted. */
export function writeJson(value: Value, options: JsonOptions): string {
  const text = JSON.stringify(toPlain(value, options.budget, 0), undefined, options.indent);
  options.budget.text(text.length);
  return text.replace(
    options.escapesHtml === true ? /[<>&\u2028\u2029]/g : /[\u2028\u2029]/g,
    escaped,
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function toPlain(value: Value, budget: Budget, depth: number): unknown {
  budget.step();
  if (depth > MAX_NESTING || value === null) return null;
  if (value instanceof Map) {
    const entries = sortedKeys(value).map(
      (key) => [key, toPlain(value.get(key) ?? null, budget, depth + 1)] as const,
    );
    return Object.fromEntries(entries);
  }
  if (value instanceof Struct) {
    const entries = jsonFields(value).map(
      ([key, field]) => [key, toPlain(field, budget, depth + 1)] as const,
    );
    return value.shown.json ?? Object.fromEntries(entries);
  }
  if (isList(value)) return value.map((item) => toPlain(item, budget, depth + 1));
  return typeof value === "bigint" || value instanceof Integer ? Number(value) : value;
}

/** The fields of a struct that stand in JSON, under their names there. */
export function jsonFields(struct: Struct): (readonly [string, Value])[] {
  const { tags } = struct.shown;
  return struct.ownFields.flatMap(([field, value]) => {
    const tag = tags?.[field] ?? field;
    if (tag === "") return value instanceof Struct ? jsonFields(value) : [];
    const [name = field, option] = tag.split(",");
    return option === "omitempty" && !isTrue(value) ? [] : [[name, value] as const];
  });
}
