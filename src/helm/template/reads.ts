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
  /** Looks at its entries, one for each value that was there: the same look is the same object. */
  readonly known: Map<string, (readonly Read[])[]>;
  /** Other templates see the dictionary too; a copy of it is not shared. */
  readonly shared: boolean;
}

/** By these a condition is traced to a setting. What a template made has none to begin with. */
const origins = new WeakMap<Dict, Origin>();

/** Values of one setting that are remembered; a setting is seldom tried with more. */
const MAX_LOOKS = 64;

const NO_READS: readonly Read[] = [];

/** What reading `key` of `dict` looks at in the values. */
export function readsOf(dict: Dict, key: string): readonly Read[] {
  const origin = origins.get(dict);
  const made = origin?.entries?.get(key);
  if (made !== undefined) return made;
  if (origin?.path === undefined) return NO_READS;
  const value = dict.get(key) ?? null;
  const looks = origin.known.get(key) ?? [];
  const known = looks.find(([read]) => read?.value === value);
  if (known !== undefined) return known;
  const reads: readonly Read[] = [{ source: "values", path: [...origin.path, key], value }];
  if (looks.length < MAX_LOOKS) origin.known.set(key, [...looks, reads]);
  return reads;
}

/** Looks below settings that are not there, by the names that were asked for. */
const below = new WeakMap<Read, Map<string, Read>>();

/** A look at an entry of what is not there. */
export function readBelow(read: Read, names: readonly string[]): Read {
  const known = below.get(read) ?? new Map<string, Read>();
  below.set(read, known);
  const key = names.join(".");
  const one = known.get(key) ?? { ...read, path: [...read.path, ...names] };
  known.set(key, one);
  return one;
}

/** What was read to make an entry that a template has put into `dict`. */
export function madeOf(dict: Dict, key: string): readonly Read[] | undefined {
  return origins.get(dict)?.entries?.get(key);
}

/** True if both say the same, in the same order. */
export function areSame(
  some: readonly Read[] | undefined,
  others: readonly Read[] | undefined,
): boolean {
  if (some === others) return true;
  if (some === undefined || others === undefined || some.length !== others.length) return false;
  return some.every((read, at) => isSame(read, others[at]));
}

/** True if both looked at the same places in the same order, whatever was there. */
export function areOfOnePlace(some: readonly Read[], others: readonly Read[]): boolean {
  return (
    some === others ||
    (some.length === others.length && some.every((read, at) => isOfPlace(read, others[at])))
  );
}

function isSame(one: Read, other: Read | undefined): boolean {
  return one === other || (one.value === other?.value && isOfPlace(one, other));
}

function isOfPlace(one: Read, other: Read | undefined): boolean {
  if (one.source !== other?.source || one.path.length !== other.path.length) return false;
  return one.path.every((key, at) => key === other.path[at]);
}

/** Says that the entry `key` of `dict`, as it is, is a copy of the setting at `path`. */
export function noteCopy(dict: Dict, key: string, path: readonly string[]): void {
  const value = dict.get(key) ?? null;
  origins.get(dict)?.known.set(key, [[{ source: "values", path, value }]]);
}

/** Says what was read to make the entry `key` of `dict`. */
export function noteEntry(dict: Dict, key: string, reads: readonly Read[]): void {
  const origin = origins.get(dict);
  const entries = origin?.entries ?? new Map<string, readonly Read[]>();
  entries.set(key, reads);
  const known = origin?.known ?? new Map<string, (readonly Read[])[]>();
  origins.set(dict, { path: origin?.path, entries, known, shared: origin?.shared === true });
}

/** Says that the entries of `to` come from where those of `from` do. */
export function copyOrigin(from: Dict, to: Dict): void {
  const origin = origins.get(from);
  if (origin !== undefined) origins.set(to, { ...origin, shared: false });
}

/**
 * Says that `to` stands where `from` stood, and what is in it where that was: a chart that prints its
 * values, changes the text and reads it again has other tables for the same settings.
 */
export function takePlace(from: Dict, to: Dict): void {
  const path = origins.get(from)?.path;
  if (from === to || path === undefined || origins.has(to)) return;
  origins.set(to, { path, entries: undefined, known: new Map(), shared: false });
  for (const [key, after] of to) {
    const before = from.get(key);
    if (before instanceof Map && after instanceof Map) takePlace(before, after);
  }
}

/** A dictionary as it was, to be put back after a rendering that changed it. */
export class Snapshot {
  readonly #dict: Dict;
  readonly #entries: readonly (readonly [string, Value])[];
  readonly #origin: Origin | undefined;

  constructor(dict: Dict) {
    this.#dict = dict;
    this.#entries = [...dict];
    const origin = origins.get(dict);
    const made = origin?.entries;
    this.#origin = origin && { ...origin, entries: made && new Map(made) };
  }

  restore(): void {
    this.#dict.clear();
    for (const [key, value] of this.#entries) this.#dict.set(key, value);
    if (this.#origin !== undefined) origins.set(this.#dict, this.#origin);
  }
}

export function isShared(dict: Dict): boolean {
  return origins.get(dict)?.shared === true;
}

export function markShared(dict: Dict): void {
  origins.set(dict, { path: undefined, entries: undefined, known: new Map(), shared: true });
}

/** Says of what a template made that others see it from now on, with everything in it. */
export function shareAll(value: Value): void {
  if (value instanceof Map) {
    const origin = origins.get(value);
    if (origin?.shared === true) return;
    const { path, entries, known = new Map<string, (readonly Read[])[]>() } = origin ?? {};
    origins.set(value, { path, entries, known, shared: true });
    for (const item of value.values()) shareAll(item);
  } else if (isList(value)) for (const item of value) shareAll(item);
}

/** Marks every dictionary in `value`, unless it is known already. */
export function markAllShared(value: Value): void {
  if (value instanceof Map) {
    if (!isShared(value)) markShared(value);
    for (const item of value.values()) markAllShared(item);
  } else if (isList(value)) for (const item of value) markAllShared(item);
}

/**
 * A copy of a tree of values in which each table knows where it stands, beginning at `path`. A table
 * that was copied before, as `copies` has it, is the same table in the copy too.
 */
export function copyWithOrigins(
  dict: Dict,
  path: readonly string[],
  copies?: Map<Dict, Dict>,
): Dict {
  const known = copies?.get(dict);
  if (known !== undefined) return known;
  const copy: Dict = new Map();
  copies?.set(dict, copy);
  origins.set(copy, { path, entries: undefined, known: new Map(), shared: true });
  const copied = (value: Value, inner: readonly string[]): Value => {
    if (value instanceof Map) return copyWithOrigins(value, inner, copies);
    if (!isList(value)) return value;
    return value.map((item, index) => copied(item, [...inner, String(index)]));
  };
  for (const [key, item] of dict) copy.set(key, copied(item, [...path, key]));
  return copy;
}
