import { contentsOf, forgetContents, type Contents } from "./contents.ts";
import { madeOf, noteEntry, shareAll } from "./origins.ts";
import { areSame, type Read } from "./read.ts";
import type { Lookup } from "./lookup.ts";
import type { Dict, Value } from "./value.ts";

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

  /** True if the file has changed an entry of `dict`. */
  changed(dict: Dict): boolean {
    return this.#changed.has(dict);
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

  /**
   * What to do in its place; undefined if that cannot be told. What the file made and put there is
   * seen by others from now on: they are told apart by it, and what they change in it is undone.
   */
  kept(): Write[] | undefined {
    if (this.#count > MAX_WRITES) return undefined;
    const writes: Write[] = [];
    for (const [dict, { before, keys }] of this.#changed) {
      if (before.holdsMade) return undefined;
      forgetContents(dict);
      for (const key of keys) {
        const value = dict.get(key);
        shareAll(value ?? null);
        const made = madeOf(dict, key);
        const then = before.entries.get(key)?.made;
        writes.push({ dict, key, value, made: areSame(made, then) ? undefined : made });
      }
    }
    return writes;
  }
}

function isOf(
  { entries }: Contents,
  { key, value, made }: Lookup & { readonly key: string },
): boolean {
  const entry = entries.get(key);
  return entry?.value === value && areSame(entry?.made, made);
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
