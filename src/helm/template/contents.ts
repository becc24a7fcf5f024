import { isShared, madeOf } from "./origins.ts";
import { areSame, type Read } from "./read.ts";
import { isList, type Dict, type Value } from "./value.ts";

/** What a table that templates share held at one time. */
export interface Contents {
  /** Each entry, with what was read to make it where a template has. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** A template has put a table of its own into it, which may change without being noticed. */
  readonly holdsMade: boolean;
}

interface Entry {
  readonly value: Value;
  readonly made: readonly Read[] | undefined;
}

/** As the tables are now, as far as somebody has asked since they were changed. */
const current = new WeakMap<Dict, Contents>();

/** The same object as long as nothing in the table itself changes; of tables in it that they are the same. */
export function contentsOf(dict: Dict): Contents {
  const known = current.get(dict) ?? {
    entries: new Map(
      [...dict].map(([key, value]) => [key, { value, made: madeOf(dict, key) }] as const),
    ),
    holdsMade: [...dict.values()].some(isMade),
  };
  current.set(dict, known);
  return known;
}

/** True if a table holds what it held then. */
export function hasContents(dict: Dict, contents: Contents): boolean {
  if (current.get(dict) === contents) return true;
  const { entries } = contents;
  const isAsThen =
    dict.size === entries.size &&
    [...entries].every(
      ([key, { value, made }]) =>
        dict.get(key) === value &&
        (value !== undefined || dict.has(key)) &&
        areSame(madeOf(dict, key), made),
    );
  if (isAsThen) current.set(dict, contents);
  return isAsThen;
}

/** To be said of a shared table that changes. */
export function forgetContents(dict: Dict): void {
  changes++;
  current.delete(dict);
}

let changes = 0;

/** Grows with each change of a table that templates share: what held holds as long as it stays the same. */
export function changesOfShared(): number {
  return changes;
}

/** True for what a template put among what all share. */
export function isMade(value: Value): boolean {
  if (value instanceof Map) return !isShared(value);
  return isList(value) && !shared.has(value) && isMadeList(value);
}

/** Lists that were looked at before and hold nothing that a template made. */
const shared = new WeakSet<readonly Value[]>();

function isMadeList(list: readonly Value[]): boolean {
  if (list.some(isMade)) return true;
  shared.add(list);
  return false;
}
