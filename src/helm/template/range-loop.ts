import type { Pipe } from "./ast.ts";
import type { Scope } from "./expression.ts";
import type { Looked } from "./read-log.ts";
import { BudgetError, TemplateError } from "./template-error.ts";
import { isList, sortedKeys, typeOf, type Value } from "./value.ts";

/** One turn of a `range`. */
export interface Turn {
  readonly key: Value;
  readonly item: Value;
  /** What was looked at to get the whole. */
  readonly looked: Looked;
}

/** The pipeline of a `range`, which sets its variables turn by turn. */
export function withoutVariables(pipe: Pipe): Pipe {
  return { ...pipe, variables: [] };
}

/** With one variable it is the item, with two the key comes first. */
export function bindRange(
  { variables, assigns }: Pipe,
  scope: Scope,
  { key, item, looked }: Turn,
): void {
  const values = variables.length === 1 ? [item] : [key, item];
  for (const [index, name] of variables.entries()) {
    const value = values[index] ?? null;
    if (assigns) scope.variables.assign(name, value, looked);
    else scope.variables.declare(name, value, looked);
  }
}

/** What `range` goes through: lists, maps by key, and whole numbers. */
export function entriesOf(value: Value): (readonly [Value, Value])[] {
  if (value === null) return [];
  if (value instanceof Map) return sortedKeys(value).map((key) => [key, value.get(key) ?? null]);
  if (isList(value)) return value.map((item, index) => [BigInt(index), item]);
  if (typeof value !== "bigint")
    throw new TemplateError(`range can't iterate over ${typeOf(value)}`);
  if (value > MAX_COUNT) throw new BudgetError(`a range of ${value}`);
  return Array.from({ length: Number(value) }, (_item, index) => [BigInt(index), BigInt(index)]);
}

/** Whole numbers that `range` counts up to. */
const MAX_COUNT = 1_000_000n;
