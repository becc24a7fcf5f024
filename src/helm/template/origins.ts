import type { Places, Read } from "./read.ts";
import { isList, isTrue, type Dict, type Value } from "./value.ts";

/**
 * Where a dictionary's entries come from: a place in the values, or (for one that a template built)
 * what was read to make each entry.
 */
interface Origin {
  readonly path: readonly string[] | undefined;
  readonly entries: Map<string, readonly Read[]> | undefined;
  readonly merged: Merged | undefined;
  /** Looks at its entries, one for each value that was there: the same look is the same object. */
  readonly known: Map<string, (readonly Read[])[]>;
  /** Other templates see the dictionary too; a copy of it is not shared. */
  readonly shared: boolean;
}

/** Tables of the values that were merged into one that a template built. */
interface Merged {
  readonly paths: Places;
  /** What they have counts more than what was there. */
  readonly overwrite: boolean;
  /** Looks at entries that they lack: the same look is the same object. */
  readonly known: Map<string, readonly Read[]>;
}

/** By these a condition is traced to a setting. What a template made has none to begin with. */
const origins = new WeakMap<Dict, Origin>();

/** Values of one setting that are remembered; a setting is seldom tried with more. */
const MAX_LOOKS = 64;

const NO_READS: readonly Read[] = [];
const NOWHERE: Places = [];

/** What reading `key` of `dict` looks at in the values. */
export function readsOf(dict: Dict, key: string): readonly Read[] {
  const origin = origins.get(dict);
  if (origin === undefined) return NO_READS;
  const made = origin.entries?.get(key);
  if (made !== undefined && made.length > 0) return made;
  const value = dict.get(key) ?? null;
  if (made !== undefined || origin.path === undefined) return lacking(origin.merged, key, value);
  const looks = origin.known.get(key) ?? [];
  const known = looks.find(([read]) => read?.value === value);
  if (known !== undefined) return known;
  const reads: readonly Read[] = [{ source: "values", path: [...origin.path, key], value }];
  if (looks.length < MAX_LOOKS) origin.known.set(key, [...looks, reads]);
  return reads;
}

/** Looks at an entry that tables lack which were merged, and that would be there if one of them had it. */
function lacking(merged: Merged | undefined, key: string, value: Value): readonly Read[] {
  if (merged === undefined || (isTrue(value) && !merged.overwrite)) return NO_READS;
  const known = merged.known.get(key);
  if (known !== undefined) return known;
  const reads = merged.paths.map((path): Read => ({
    source: "values",
    path: [...path, key],
    value: null,
  }));
  if (merged.known.size < MAX_LOOKS) merged.known.set(key, reads);
  return reads;
}

/** What was read to make an entry that a template has put into `dict`. */
export function madeOf(dict: Dict, key: string): readonly Read[] | undefined {
  return origins.get(dict)?.entries?.get(key);
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
  const { path, merged } = origin ?? {};
  origins.set(dict, { path, entries, merged, known, shared: origin?.shared === true });
}

/** Says that what stands in `source` was merged into `target`, which a template built. */
export function noteMerge(target: Dict, source: Dict, overwrite: boolean): void {
  const origin = origins.get(target);
  if (origin?.path !== undefined) return;
  const paths = placesOf(source).filter((path) => !placesOf(target).includes(path));
  if (paths.length === 0) return;
  const before = origin?.merged;
  const merged: Merged = {
    paths: [...(before?.paths ?? []), ...paths],
    overwrite: overwrite || before?.overwrite === true,
    known: new Map(),
  };
  const { entries, known = new Map<string, (readonly Read[])[]>(), shared = false } = origin ?? {};
  origins.set(target, { path: undefined, entries, merged, known, shared });
}

/** Places in the values where an entry would stand that a table does not have. */
export function placesOf(dict: Dict): Places {
  const { path, merged } = origins.get(dict) ?? {};
  return path === undefined ? (merged?.paths ?? NOWHERE) : [path];
}

/** Says that what was made under `key` of `dict` is there no more. */
export function forgetEntry(dict: Dict, key: string): void {
  origins.get(dict)?.entries?.delete(key);
}

/** Says that the entries of `to` come from where those of `from` do. */
export function copyOrigin(from: Dict, to: Dict): void {
  const origin = origins.get(from);
  if (origin === undefined) return;
  const { entries } = origin;
  origins.set(to, { ...origin, entries: entries && new Map(entries), shared: false });
}

/**
 * Says that `to` stands where `from` stood, and what is in it where that was: a chart that prints its
 * values, changes the text and reads it again has other tables for the same settings.
 */
export function takePlace(from: Dict, to: Dict): void {
  if (from === to || origins.has(to)) return;
  const origin = origins.get(from);
  if (origin !== undefined) {
    origins.set(to, { ...origin, entries: entriesIn(origin, to), known: new Map(), shared: false });
  }
  for (const [key, after] of to) takePlaces(from.get(key) ?? null, after);
}

/** What was read to make entries, as far as they are there. */
function entriesIn({ entries }: Origin, dict: Dict): Origin["entries"] {
  return entries && new Map([...entries].filter(([key]) => dict.has(key)));
}

function takePlaces(from: Value, to: Value): void {
  if (from instanceof Map && to instanceof Map) takePlace(from, to);
  else if (isList(from) && isList(to)) {
    for (const [at, item] of to.entries()) takePlaces(from[at] ?? null, item);
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
  origins.set(dict, {
    path: undefined,
    entries: undefined,
    merged: undefined,
    known: new Map(),
    shared: true,
  });
}

/** Says of what a template made that others see it from now on, with everything in it. */
export function shareAll(value: Value): void {
  if (value instanceof Map) {
    const origin = origins.get(value);
    if (origin?.shared === true) return;
    const { path, entries, merged, known = new Map<string, (readonly Read[])[]>() } = origin ?? {};
    origins.set(value, { path, entries, merged, known, shared: true });
    for (const item of value.values()) shareAll(item);
  } else if (isList(value)) for (const item of value) shareAll(item);
}

/** Says that `value`, which all templates see from now on, stands at `path` in the values. */
export function placeAll(value: Value, path: readonly string[]): void {
  if (isList(value)) {
    for (const [index, item] of value.entries()) placeAll(item, [...path, String(index)]);
  } else if (value instanceof Map && !isShared(value)) {
    origins.set(value, {
      path,
      entries: undefined,
      merged: undefined,
      known: new Map(),
      shared: true,
    });
    for (const [key, item] of value) placeAll(item, [...path, key]);
  }
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
  origins.set(copy, {
    path,
    entries: undefined,
    merged: undefined,
    known: new Map(),
    shared: true,
  });
  const copied = (value: Value, inner: readonly string[]): Value => {
    if (value instanceof Map) return copyWithOrigins(value, inner, copies);
    if (!isList(value)) return value;
    return value.map((item, index) => copied(item, [...inner, String(index)]));
  };
  for (const [key, item] of dict) copy.set(key, copied(item, [...path, key]));
  return copy;
}
