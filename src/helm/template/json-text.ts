import type { Budget } from "./budget.ts";
import { isList, sortedKeys, Struct, type Value } from "./value.ts";

/** A dictionary that holds itself ends here. */
const MAX_NESTING = 100;

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
  return options.escapesHtml === true ? text.replace(/[<>&]/g, escaped) : text;
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
  if (value instanceof Struct) return {};
  if (isList(value)) return value.map((item) => toPlain(item, budget, depth + 1));
  return typeof value === "bigint" ? Number(value) : value;
}
