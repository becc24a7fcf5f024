import { hasContents, type Contents } from "./contents.ts";
import { madeOf } from "./origins.ts";
import { areSame, type Read } from "./read.ts";
import type { Dict, Value } from "./value.ts";

/** A look at a table that templates share. */
export type Lookup = EntryLookup | TableLookup;

/** What stood under a key. */
interface EntryLookup {
  readonly dict: Dict;
  readonly key: string;
  readonly value: Value | undefined;
  /** What was read to make it, where a template has. */
  readonly made: readonly Read[] | undefined;
}

/** All entries, or only how many there were. */
interface TableLookup {
  readonly dict: Dict;
  readonly key: undefined;
  readonly held: Contents | number;
}

/** True if everything looked up is as it was. */
export function hold(lookups: readonly Lookup[]): boolean {
  for (const lookup of lookups) if (!holds(lookup)) return false;
  return true;
}

function holds(lookup: Lookup): boolean {
  const { dict, key } = lookup;
  if (key !== undefined) {
    return dict.get(key) === lookup.value && areSame(madeOf(dict, key), lookup.made);
  }
  return typeof lookup.held === "number"
    ? dict.size === lookup.held
    : hasContents(dict, lookup.held);
}
