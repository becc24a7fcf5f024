import type { RenderedFile } from "../helm/render/render.ts";
import type { Dict } from "../helm/template/value.ts";
import { lookUp } from "../helm/values/path.ts";
import { isBelow, isPartOfImage, keyOf, PLACEHOLDER, type Switch } from "./switches.ts";

/** Tables within tables that settings are looked for in. */
const MAX_DEPTH = 8;

const ASKS_ENTRY = /can't evaluate field (\S+) in type (?:bool|string)$/;

/** The name of an entry that a template asked for of what is no table. */
export function entryAsked(files: readonly RenderedFile[]): string | undefined {
  for (const { reason } of files.flatMap(({ problems }) => problems)) {
    const name = ASKS_ENTRY.exec(reason)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** The same with a table that has the entry, in the place of what the last setting was filled with. */
export function withEntry(
  switches: readonly Switch[],
  entry: string,
  values: Dict,
): readonly Switch[] | undefined {
  const last = switches.at(-1);
  if (last?.source !== "values" || last.path.length > MAX_DEPTH) return undefined;
  const isFilled = last.value === true || last.value === PLACEHOLDER;
  if (!isFilled || isPartOfImage([...last.path, entry]) || (lookUp(values, last.path) ?? "") !== "")
    return undefined;
  return [...switches.slice(0, -1), { ...last, path: [...last.path, entry], value: true }];
}

/** True if `one` says nothing beside `others`: they set the same, or an entry of what it took for none. */
export function isReplaced(one: Switch, others: readonly Switch[]): boolean {
  const isPlain = typeof one.value !== "object" || one.value === null;
  return others.some((other) => keyOf(other) === keyOf(one) || (isPlain && isBelow(other, one)));
}

/** True if `one` turns back what one of `others` has turned, or takes away the table that it is in. */
export function undoes(one: Switch, others: readonly Switch[]): boolean {
  if (typeof one.value !== "boolean") return false;
  return others.some(
    (other) =>
      isBelow(other, one) || (typeof other.value === "boolean" && keyOf(other) === keyOf(one)),
  );
}
