import { append } from "../content/append.ts";
import type { Item } from "./side.ts";

export interface Pair {
  readonly old: Item;
  readonly now: Item;
}

export interface Paired {
  readonly pairs: readonly Pair[];
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
}

/**
 * What stands for what: by reference, else by version, else as the only one of its place on each side
 * that is left over. Where several are left over nobody can tell which replaces which: they are removed
 * and added.
 */
export function pairItems(before: readonly Item[], now: readonly Item[]): Paired {
  const [old, fresh] = [byPlace(before), byPlace(now)];
  const places = [...new Set([...old.keys(), ...fresh.keys()])].toSorted();
  const pairs: Pair[] = [];
  const added: Item[] = [];
  const removed: Item[] = [];
  for (const place of places) {
    const left = { old: old.get(place) ?? [], now: fresh.get(place) ?? [] };
    append(
      pairs,
      take(left, (one) => one.reference),
    );
    append(
      pairs,
      take(left, (one) => one.version),
    );
    if (left.old.length === 1 && left.now.length === 1) {
      append(
        pairs,
        take(left, () => ""),
      );
    }
    append(removed, left.old);
    append(added, left.now);
  }
  return { pairs, added, removed };
}

/** Charts, files and what runs are never one another, whatever they are called. */
function byPlace(items: readonly Item[]): Map<string, Item[]> {
  const places = new Map<string, Item[]>();
  for (const item of items) {
    const room = item.kind === "artifact" ? "image" : item.kind;
    const place = `${room} ${item.place}`;
    places.set(place, [...(places.get(place) ?? []), item]);
  }
  return places;
}

/** Takes out of both lists what has the same key. */
function take(left: { old: Item[]; now: Item[] }, key: (item: Item) => string): Pair[] {
  const pairs: Pair[] = [];
  for (const now of left.now) {
    const old = left.old.find((one) => key(one) === key(now));
    if (old === undefined) continue;
    pairs.push({ old, now });
    left.old = left.old.filter((one) => one !== old);
    left.now = left.now.filter((one) => one !== now);
  }
  return pairs;
}
