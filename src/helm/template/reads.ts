import { isList, type Dict, type Value } from "./value.ts";

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
interface Origin {
  readonly path: readonly string[] | undefined;
  readonly entries: Map<string, readonly Read[]> | undefined;
  /** Other templates see the dictionary too; a copy of it is not shared. */
  readonly shared: boolean;
}

/** By these a condition is traced to a setting. What a template made has none to begin with. */
const origins = new WeakMap<Dict, Origin>();

/** What reading `key` of `dict` looks at in the values. */
export function readsOf(dict: Dict, key: string): readonly Read[] {
  const origin = origins.get(dict);
  const made = origin?.entries?.get(key);
  if (made !== undefined) return made;
  const path = origin?.path;
  if (path === undefined) return [];
  return [{ source: "values", path: [...path, key], value: dict.get(key) ?? null }];
}

/** Says what was read to make the entry `key` of `dict`. */
export function noteEntry(dict: Dict, key: string, reads: readonly Read[]): void {
  const origin = origins.get(dict);
  const entries = origin?.entries ?? new Map<string, readonly Read[]>();
  entries.set(key, reads);
  origins.set(dict, { path: origin?.path, entries, shared: origin?.shared === true });
}

/** Says that the entries of `to` come from where those of `from` do. */
export function copyOrigin(from: Dict, to: Dict): void {
  const origin = origins.get(from);
  if (origin !== undefined) origins.set(to, { ...origin, shared: false });
}

export function isShared(dict: Dict): boolean {
  return origins.get(dict)?.shared === true;
}

export function markShared(dict: Dict): void {
  origins.set(dict, { path: undefined, entries: undefined, shared: true });
}

/** A copy of a tree of values in which each table knows where it stands, beginning at `path`. */
export function copyWithOrigins(dict: Dict, path: readonly string[]): Dict {
  const copy: Dict = new Map();
  origins.set(copy, { path, entries: undefined, shared: true });
  for (const [key, item] of dict) copy.set(key, copied(item, path, key));
  return copy;
}

function copied(value: Value, path: readonly string[], key: string): Value {
  if (value instanceof Map) return copyWithOrigins(value, [...path, key]);
  if (!isList(value)) return value;
  const inner = [...path, key];
  return value.map((item, index) => copied(item, inner, String(index)));
}

/** What was looked at while something was evaluated. */
export interface Looked {
  readonly reads: readonly Read[];
  /** Values that were compared with each other. */
  readonly compared: readonly (readonly Value[])[];
}

export const LOOKED_AT_NOTHING: Looked = { reads: [], compared: [] };

/**
 * A condition that looks at more than this says nothing about any of it. What a variable looked at
 * is passed on to all that use it, so without an end it would grow with every use.
 */
const MAX_READS = 64;
const MAX_COMPARED = 32;

/** Notes reads while somebody wants to know, and costs next to nothing otherwise. */
export class ReadLog {
  readonly enabled: boolean;
  #reads: Read[] = [];
  #compared: (readonly Value[])[] = [];
  #depth = 0;

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  get active(): boolean {
    return this.#depth > 0;
  }

  add(reads: readonly Read[]): void {
    if (this.active) this.#reads.push(...reads);
  }

  compared(values: readonly Value[]): void {
    if (this.active) this.#compared.push(values);
  }

  /** Runs `action`, then tells `done` what it looked at, even if it failed. */
  capture<T>(action: () => T, done: (looked: Looked) => void): T {
    if (!this.enabled) return action();
    const reads = this.#reads.length;
    const compared = this.#compared.length;
    this.#depth++;
    try {
      return action();
    } finally {
      this.#depth--;
      done({
        reads: this.#reads.slice(reads, reads + MAX_READS),
        compared: this.#compared.slice(compared, compared + MAX_COMPARED),
      });
      if (!this.active) this.#clear();
    }
  }

  #clear(): void {
    this.#reads = [];
    this.#compared = [];
  }
}
