import type { Value } from "./value.ts";

/** One look at a setting, or at the cluster, while a template ran. */
export interface Read {
  /**
   * `values`: of the chart; `api`: does the cluster have it; `kubeVersion`: which one is it; `install`: what
   * only an installation knows, its release, the cluster's objects and the clock.
   */
  readonly source: "values" | "api" | "kubeVersion" | "install";
  /** Keys from the top of the values, `["metrics", "enabled"]`; or the one name of what was asked. */
  readonly path: readonly string[];
  /** What was there, null when nothing was. */
  readonly value: Value;
}

/** The time of the installation, which is another each time. */
export const CLOCK: Read = { source: "install", path: ["now"], value: null };

/** Places in the values, by their keys from the top. */
export type Places = readonly (readonly string[])[];

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
  return one.source === other?.source && areSameKeys(one.path, other.path);
}

function areSameKeys(one: readonly string[], other: readonly string[] = []): boolean {
  return (
    one === other || (one.length === other.length && one.every((key, at) => key === other[at]))
  );
}

/** True for the same places in the same order. */
export function areSamePlaces(some: Places, others: Places): boolean {
  if (some === others) return true;
  if (some.length !== others.length) return false;
  return some.every((path, at) => areSameKeys(path, others[at]));
}
