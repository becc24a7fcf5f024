import { isList, type Dict, type Value } from "../template/value.ts";

/** Keys from the top of the values; a list's items go by their index. */
export type ValuesPath = readonly string[];

/** What stands at `path`; undefined if nothing does. */
export function lookUp(values: Value, path: ValuesPath): Value | undefined {
  let value: Value | undefined = values;
  for (const key of path) {
    if (value instanceof Map) value = value.get(key);
    else if (isList(value)) value = value[Number(key)];
    else return undefined;
  }
  return value;
}

/** `value` below tables for each key of `path`. */
export function nested(path: ValuesPath, value: Value): Dict {
  const [first = "", ...rest] = path;
  return new Map<string, Value>([[first, rest.length === 0 ? value : nested(rest, value)]]);
}

/** Puts `value` at `path`, making tables on the way; what is no table there is replaced. */
export function setAt(values: Dict, path: ValuesPath, value: Value): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    values.set(first, value);
    return;
  }
  const there = values.get(first) ?? null;
  values.set(first, setIn(there, rest, value));
}

function setIn(there: Value, path: ValuesPath, value: Value): Value {
  const [first = "", ...rest] = path;
  if (isList(there) && Number(first) < there.length) {
    const before = there[Number(first)] ?? null;
    const after = rest.length === 0 ? value : setIn(before, rest, value);
    // What changed within a table of the list leaves the list as it is.
    return after === before ? there : there.with(Number(first), after);
  }
  const table: Dict = there instanceof Map ? there : new Map();
  setAt(table, path, value);
  return table;
}

/** `metrics.enabled`, keys with dots in them quoted. */
export function formatPath(path: ValuesPath): string {
  return path.map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join(".");
}

/** `jobs[0].a\\.b`, as `--set` takes it. */
export function formatSetting(path: ValuesPath): string {
  return path
    .map((key, at) => {
      if (at > 0 && /^\d{1,4}$/.test(key)) return `[${key}]`;
      return `${at === 0 ? "" : "."}${key.replaceAll(/[\\.,=[\]]/g, String.raw`\$&`)}`;
    })
    .join("");
}

/** Reads what `formatSetting` writes. */
export function readSetting(text: string): ValuesPath {
  const keys = text.matchAll(/\[(\d+)\]|((?:\\.|[^\\.[])+)/g);
  return [...keys].map(([, index, key = ""]) => index ?? key.replaceAll(/\\(.)/g, "$1"));
}

/** True if `path` is `prefix` or below it. */
export function startsWith(path: ValuesPath, prefix: ValuesPath): boolean {
  return prefix.every((key, index) => path[index] === key);
}
