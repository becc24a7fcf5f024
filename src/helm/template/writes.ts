import { contentsOf, isMade, type Contents } from "./contents.ts";
import { areSame, madeOf, noteEntry, type Read } from "./reads.ts";
import type { Lookup } from "./lookup.ts";
import { isList, type Dict, type Value } from "./value.ts";

/** An entry of a table that templates share, as a file left it. */
export interface Write {
  readonly dict: Dict;
  readonly key: string;
  /** Undefined where it took the entry away. */
  readonly value: Value | undefined;
  /** What was read to make the entry, where the file said so. */
  readonly made: readonly Read[] | undefined;
}

/** A table as it was before the file changed it, and which of its entries it did. */
interface Changed {
  readonly before: Contents;
  readonly keys: Set<string>;
}

/** Entries that are noted of one file; whoever changes more runs every time. */
const MAX_WRITES = 10_000;

/** What one file changes in tables that templates share. */
export class Writes {
  readonly #changed = new Map<Dict, Changed>();
  #count = 0;

  /** To be told before `key` of `dict` changes. */
  note(dict: Dict, key: string): void {
    const changed = this.#changed.get(dict) ?? { before: contentsOf(dict), keys: new Set() };
    this.#changed.set(dict, changed);
    if (!changed.keys.has(key)) this.#count++;
    changed.keys.add(key);
  }

  /**
   * The lookups that say how tables were before the file began: what it looks at after it has changed
   * that is its own doing.
   */
  outside(lookups: readonly Lookup[]): Lookup[] {
    if (this.#changed.size === 0) return [...lookups];
    return lookups.flatMap((lookup): Lookup[] => {
      const changed = this.#changed.get(lookup.dict);
      if (changed === undefined) return [lookup];
      const { before, keys } = changed;
      if (lookup.key === undefined) return [{ ...lookup, held: before }];
      return keys.has(lookup.key) && !isOf(before, lookup) ? [] : [lookup];
    });
  }

  /** What to do in its place; undefined if that cannot be told. */
  kept(): Write[] | undefined {
    if (this.#count > MAX_WRITES) return undefined;
    const writes: Write[] = [];
    for (const [dict, { before, keys }] of this.#changed) {
      if (before.holdsMade) return undefined;
      const then = new Map(before.entries.map(([key, , made]) => [key, made]));
      for (const key of keys) {
        const value = dict.get(key);
        // A table of its own may be changed by others later.
        if (value !== undefined && isMade(value)) return undefined;
        const made = madeOf(dict, key);
        writes.push({ dict, key, value, made: areSame(made, then.get(key)) ? undefined : made });
      }
    }
    return writes;
  }
}

function isOf(
  { entries }: Contents,
  { key, value, made }: Lookup & { readonly key: string },
): boolean {
  const entry = entries.find(([one]) => one === key);
  return entry?.[1] === value && areSame(entry?.[2], made);
}

/** True if both leave the same behind, made of the same settings. */
export function areSameWrites(some: readonly Write[], others: readonly Write[]): boolean {
  return (
    some.length === others.length &&
    some.every((one, at) => {
      const other = others[at];
      const isOfPlace = one.dict === other?.dict && one.key === other.key;
      return isOfPlace && isSameValue(one.value, other.value) && areSame(one.made, other.made);
    })
  );
}

function isSameValue(one: Value | undefined, other: Value | undefined): boolean {
  if (!isList(one) || !isList(other)) return one === other;
  return one.length === other.length && one.every((item, at) => isSameValue(item, other[at]));
}

/** Does once more what a file did; `changes` is told before. */
export function repeatWrites(
  writes: readonly Write[],
  changes: (dict: Dict, key: string) => void,
): void {
  for (const { dict, key, value, made } of writes) {
    changes(dict, key);
    if (made !== undefined) noteEntry(dict, key, made);
    if (value === undefined) dict.delete(key);
    else dict.set(key, value);
  }
}
