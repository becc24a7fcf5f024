import { isShared, placesOf, readsOf } from "./origins.ts";
import { areSame, areSamePlaces, type Places, type Read } from "./read.ts";
import { isIdentical, isList, type Dict, type Value } from "./value.ts";

/** Entries of larger data, and of what is nested deeper, are not compared. */
const MAX_ENTRIES = 64;
const MAX_DEPTH = 4;

/** What a template was given, kept so that the same can be recognized whatever became of it. */
export interface Given {
  readonly kept: Kept;
  /** Tables in it that no other template sees. */
  readonly tables: ReadonlySet<Dict>;
}

/** A value that is known by itself, as a shared table is, or what a table or list holds. */
type Kept = Value | KeptTable | KeptList;

class KeptTable {
  /** With what was read to make each. */
  readonly entries: readonly (readonly [string, Kept, readonly Read[]])[];
  /** Where others would stand. */
  readonly places: Places;

  constructor(entries: KeptTable["entries"], places: KeptTable["places"]) {
    this.entries = entries;
    this.places = places;
  }
}

class KeptList {
  readonly items: readonly Kept[];

  constructor(items: readonly Kept[]) {
    this.items = items;
  }
}

/** Characters of a text, and items of a list, by which data is told from other data. */
const MAX_SIGN = 32;

/** A few words on data that only its contents tell apart: what has other words is other data. */
export function signOf(data: Value): string {
  if (data instanceof Map) return [...data].map(([key, one]) => `${key}=${signOfPart(one)}`).join();
  return signOfPart(data);
}

function signOfPart(value: Value): string {
  if (typeof value === "string") return value.slice(0, MAX_SIGN);
  if (isList(value)) return `[${value.slice(0, MAX_SIGN).map(signOfPart).join()}]`;
  return typeof value === "object" && value !== null ? "{}" : String(value);
}

/** Undefined for data that is too large to be compared with other data. */
export function givenOf(data: Value): Given | undefined {
  const keeper = new Keeper();
  const kept = keeper.keep(data, 0);
  return keeper.isTooLarge ? undefined : { kept, tables: keeper.tables };
}

class Keeper {
  readonly tables = new Set<Dict>();
  #left = MAX_ENTRIES;

  get isTooLarge(): boolean {
    return this.#left < 0;
  }

  keep(value: Value, depth: number): Kept {
    if (!holdsMore(value) || this.isTooLarge) return value;
    this.#left -= depth > MAX_DEPTH ? Infinity : value instanceof Map ? value.size : value.length;
    if (!(value instanceof Map)) return new KeptList(value.map((one) => this.keep(one, depth + 1)));
    this.tables.add(value);
    const entries = [...value].map(
      ([key, one]) => [key, this.keep(one, depth + 1), readsOf(value, key)] as const,
    );
    return new KeptTable(entries, placesOf(value));
  }
}

/** True for what may hold the same as another, or may be changed by whoever has it. */
function holdsMore(value: Value): value is Dict | readonly Value[] {
  return value instanceof Map ? !isShared(value) : isList(value);
}

/** True if `data` is what was kept, and every entry was made of the same settings. */
export function isSame(kept: Kept, data: Value): boolean {
  if (kept instanceof KeptTable) return isSameTable(kept, data);
  if (!(kept instanceof KeptList)) return isIdentical(kept, data);
  const { items } = kept;
  if (!isList(data) || data.length !== items.length) return false;
  return items.every((item, index) => isSame(item, data[index] ?? null));
}

function isSameTable({ entries, places }: KeptTable, data: Value): boolean {
  if (!(data instanceof Map) || data.size !== entries.length || isShared(data)) return false;
  if (!areSamePlaces(places, placesOf(data))) return false;
  return entries.every(
    ([key, one, reads]) =>
      data.has(key) && isSame(one, data.get(key) ?? null) && areSame(reads, readsOf(data, key)),
  );
}
