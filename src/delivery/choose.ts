import { DrayError } from "../errors.ts";
import { distanceOf } from "../oci/nearest.ts";
import { nameAt, type Destination, type Nameable } from "./names.ts";
import type { Deliverable } from "./plan.ts";

/**
 * Which artifacts are delivered. In a pattern `*` stands for any characters and `?` for one; it is
 * compared with the whole name at the source and at the target, with and without tag and digest.
 */
export interface Choice {
  /** What matches none of these is left out. @default everything is delivered */
  readonly only?: readonly string[] | undefined;
  /** What matches one of these is left out. */
  readonly exclude?: readonly string[] | undefined;
}

export interface Chosen<T> {
  readonly chosen: readonly T[];
  readonly leftOut: readonly T[];
}

/**
 * Divides artifacts into those that are delivered and the others.
 * @throws DrayError `DRAY_PATTERN_UNUSED` for a pattern that matches nothing, and for nothing chosen
 */
export function choose<T extends Deliverable>(
  items: readonly T[],
  { only = [], exclude = [] }: Choice,
  destination: Destination,
): Chosen<T> {
  if (only.length + exclude.length === 0) return { chosen: items, leftOut: [] };
  const named = items.map((item) => ({ item, names: namesOf(item, destination) }));
  const unused = [...only, ...exclude].filter(
    (pattern) => !named.some(({ names }) => matches(names, pattern)),
  );
  if (unused.length > 0) throw unusedPatterns(unused, named);
  const isChosen = ({ names }: Named<T>): boolean =>
    (only.length === 0 || only.some((pattern) => matches(names, pattern))) &&
    !exclude.some((pattern) => matches(names, pattern));
  const own = named.filter(isChosen);
  const chosen = named.filter((one) => own.includes(one) || refersTo(one, own, exclude));
  if (chosen.length === 0) throw nothingLeft();
  const leftOut = named.filter((one) => !chosen.includes(one));
  return { chosen: chosen.map(({ item }) => item), leftOut: leftOut.map(({ item }) => item) };
}

/** What refers to something that is chosen comes along, unless it is excluded itself. */
function refersTo(
  { item: { subject }, names }: Named<Deliverable>,
  chosen: readonly Named<Deliverable>[],
  exclude: readonly string[],
): boolean {
  if (subject === undefined || exclude.some((pattern) => matches(names, pattern))) return false;
  return chosen.some(({ item }) => item.root.blobs.has(subject));
}

interface Named<T> {
  readonly item: T;
  readonly names: readonly string[];
}

function namesOf(item: Nameable, destination: Destination): string[] {
  const { target, pinned } = nameAt(item, destination);
  const whole = [item.reference, target, pinned];
  const tagged = whole.map((name) => name.replace(/@.*$/, ""));
  return [...whole, ...tagged, ...tagged.map((name) => name.replace(/:[^/:]*$/, ""))];
}

/** The letters of a digest are no name: what asks for none is not compared with one. */
function matches(names: readonly string[], pattern: string): boolean {
  const spoken = names.filter((name) => pattern.includes("@") || !name.includes("@"));
  return spoken.some((name) => matchesPattern(name, pattern));
}

/** In a pattern `*` stands for any characters and `?` for one. */
export function matchesPattern(name: string, pattern: string): boolean {
  return matcher(pattern).test(name);
}

function matcher(pattern: string): RegExp {
  const quoted = pattern.replace(/[\\^$.|+()[\]{}]/g, String.raw`\$&`);
  return new RegExp(`^${quoted.replace(/\*+/g, ".*").replaceAll("?", ".")}$`, "s");
}

/** So many names are proposed for a pattern that matches nothing. */
const MOST_PROPOSED = 3;

function unusedPatterns(patterns: readonly string[], named: readonly Named<Nameable>[]): DrayError {
  const lines = patterns.map((pattern) => {
    const near = nearNames(pattern, named).join(", ");
    return `\n  ${JSON.stringify(pattern)} matches nothing; near it: ${near}`;
  });
  return new DrayError("DRAY_PATTERN_UNUSED", `Cannot choose what to push:${lines.join("")}`, {
    kind: "usage",
    hint: 'In a pattern * stands for any characters: "*/postgres:16*" is quoted from the shell.',
  });
}

/** Names that have the last part of the pattern in them, else those that are spelled most like it. */
function nearNames(pattern: string, named: readonly Named<Nameable>[]): string[] {
  const words = pattern.split(/[*?/:@]+/).filter((word) => word !== "");
  const word = words.findLast((one) => /[a-z]/i.test(one)) ?? pattern;
  const references = named.map(({ item }) => item.reference);
  return references
    .map((reference) => ({ reference, distance: distanceTo(reference, word.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, MOST_PROPOSED)
    .map(({ reference }) => reference);
}

function distanceTo(reference: string, word: string): number {
  if (reference.includes(word)) return 0;
  const parts = reference.toLowerCase().split(/[/:@]/);
  return parts.reduce((least, part) => Math.min(least, distanceOf(word, part)), Infinity);
}

function nothingLeft(): DrayError {
  return new DrayError(
    "DRAY_PATTERN_UNUSED",
    "Cannot push: --only and --exclude leave nothing of the bundle",
    { kind: "usage", hint: "Leave one of the patterns out." },
  );
}
