import { Dict, isList, type Value } from "./value.ts";

/** One look at a setting, or at the cluster, while a template ran. */
export interface Read {
  /** `values`: of the chart; `api`: does the cluster have it; `kubeVersion`: which one is it. */
  readonly source: "values" | "api" | "kubeVersion";
  /** Keys from the top of the values, `["metrics", "enabled"]`; or the one name of the API. */
  readonly path: readonly string[];
  /** What was there, null when nothing was. */
  readonly value: Value;
}

/**
 * Where a dictionary's entries come from: a place in the values, or (for one that a template built)
 * what was read to make each entry.
 */
export interface Origin {
  readonly path: readonly string[] | undefined;
  readonly entries: Map<string, readonly Read[]> | undefined;
}

/** What reading `key` of `dict` looks at in the values. */
export function readsOf(dict: Dict, key: string): readonly Read[] {
  const made = dict.origin?.entries?.get(key);
  if (made !== undefined) return made;
  const path = dict.origin?.path;
  if (path === undefined) return [];
  return [{ source: "values", path: [...path, key], value: dict.get(key) ?? null }];
}

/** Says what was read to make the entry `key` of `dict`. */
export function noteEntry(dict: Dict, key: string, reads: readonly Read[]): void {
  const entries = dict.origin?.entries ?? new Map<string, readonly Read[]>();
  entries.set(key, reads);
  dict.origin = { path: dict.origin?.path, entries };
}

/** A copy of a tree of values in which each table knows where it stands, beginning at `path`. */
export function copyWithOrigins<V extends Value>(value: V, path: readonly string[]): V {
  return copied(value, path) as V;
}

function copied(value: Value, path: readonly string[]): Value {
  if (value instanceof Dict) {
    const copy = new Dict();
    copy.origin = { path, entries: undefined };
    copy.shared = true;
    for (const [key, item] of value)
      copy.set(key, isPlain(item) ? item : copied(item, [...path, key]));
    return copy;
  }
  if (isPlain(value) || !isList(value)) return value;
  return value.map((item, index) =>
    isPlain(item) ? item : copied(item, [...path, String(index)]),
  );
}

function isPlain(value: Value): value is null | string | number | boolean | bigint {
  return value === null || typeof value !== "object";
}
