import { DrayError } from "../../errors.ts";
import { formatReference, hostOf, parseReference, type Reference } from "../../oci/reference.ts";
import { INSIDE, type Mirror, type MirrorRule } from "./mirror-rule.ts";

/** One of the places that something may come from. */
export interface Place {
  /** What it is called there. */
  readonly reference: Reference;
  readonly isInsecure: boolean;
  /** It is where the name itself says. */
  readonly isOrigin: boolean;
}

/** A rule of rules leads on: a name inside may have a mirror too. */
const MAX_STEPS = 4;

/**
 * The places of `reference` in the order in which they are asked. Those rules count that have the
 * longest prefix of its name; with none it is where its name says.
 * https://github.com/containers/image/blob/v5.36.2/docs/containers-registries.conf.5.md
 *
 * @throws DrayError `DRAY_MIRROR_BLOCKED`, `DRAY_MIRROR_INVALID`, `DRAY_REFERENCE_INVALID`
 */
export function placesOf(reference: Reference, rules: readonly MirrorRule[]): Place[] {
  return stepsFrom(reference, rules, 0);
}

/** `REGISTRY/REPOSITORY` of a place, if that is not what the name says. */
export function mirrorName(wanted: Reference, { reference }: Place): string | undefined {
  const [named, there] = [wanted, reference].map((one) => `${one.registry}/${one.repository}`);
  return named === there ? undefined : there;
}

/** The registries that are asked for any of `references`. */
export function registriesFor(
  references: readonly Reference[],
  rules: readonly MirrorRule[],
): string[] {
  const places = references.flatMap((reference) => placesOf(reference, rules));
  return [...new Set(places.map((place) => place.reference.registry))];
}

function stepsFrom(reference: Reference, rules: readonly MirrorRule[], step: number): Place[] {
  const name = formatReference(reference);
  const fitting = longestOf(name, rules);
  const blocking = fitting.find(({ blockedBy }) => blockedBy !== undefined);
  if (blocking !== undefined) throw blocked(name, blocking);
  const places = fitting.flatMap((rule) => {
    const rest = name.slice(lengthOf(rule.prefix, name));
    return rule.mirrors.flatMap((mirror): Place[] => {
      if (mirror !== INSIDE) return serves(mirror, reference) ? [placeAt(mirror, rest)] : [];
      const inside = insideOf(rest, name);
      return step < MAX_STEPS
        ? stepsFrom(inside, rules, step + 1).map((one) => ({ ...one, isOrigin: false }))
        : [];
    });
  });
  const all = fitting.some(({ only }) => only) ? places : [...places, originOf(reference, fitting)];
  // A place is asked once, however many rules lead there.
  const once = all.filter((place, at) => all.findIndex((one) => isSame(one, place)) === at);
  if (once.length > 0) return once;
  throw new DrayError(
    "DRAY_MIRROR_INVALID",
    `Cannot pull ${name}: its mirrors take no such reference, and nothing else may be asked`,
    { kind: "usage", hint: "Name it by digest, or let the origin be asked too." },
  );
}

function originOf(reference: Reference, fitting: readonly MirrorRule[]): Place {
  const moved = fitting.find(({ origin }) => origin !== undefined);
  if (moved?.origin === undefined) return { reference, isInsecure: false, isOrigin: true };
  const { location, isInsecure } = moved.origin;
  if (location === "") return { reference, isInsecure, isOrigin: true };
  const name = formatReference(reference);
  return { ...placeAt(moved.origin, name.slice(lengthOf(moved.prefix, name))), isOrigin: true };
}

function isSame(one: Place, other: Place): boolean {
  return formatReference(one.reference) === formatReference(other.reference);
}

/** The rules that say most of what `name` begins with. */
function longestOf(name: string, rules: readonly MirrorRule[]): MirrorRule[] {
  const fitting = rules.filter(({ prefix }) => lengthOf(prefix, name) > 0);
  const longest = fitting.reduce((most, { prefix }) => Math.max(most, prefix.length), 0);
  return fitting.filter(({ prefix }) => prefix.length === longest);
}

/** How much of `name` a prefix stands for: whole parts of a path, or the whole host below a domain. */
function lengthOf(prefix: string, name: string): number {
  const host = name.slice(0, name.indexOf("/"));
  if (prefix.startsWith("*.")) return host.endsWith(prefix.slice(1)) ? host.length : 0;
  const isWhole = name.startsWith(prefix) && /^(?:$|\/|@|:[^/]*$)/.test(name.slice(prefix.length));
  return isWhole ? prefix.length : 0;
}

function serves({ serves: which }: Mirror, { digest }: Reference): boolean {
  return which === "all" || (which === "digests") === (digest !== undefined);
}

function placeAt({ location, isInsecure }: Mirror, rest: string): Place {
  return { reference: parseReference(`${location}${rest}`), isInsecure, isOrigin: false };
}

function insideOf(rest: string, name: string): Reference {
  const inside = rest.replace(/^\//, "");
  if (hostOf(inside) !== undefined) return parseReference(inside);
  throw new DrayError(
    "DRAY_MIRROR_INVALID",
    `Cannot find the name inside ${name}: expected a registry's host behind the prefix, found ${JSON.stringify(inside.slice(0, 200))}`,
    { kind: "usage", hint: "Make the prefix as long as what stands before the host." },
  );
}

function blocked(name: string, { prefix, blockedBy = "" }: MirrorRule): DrayError {
  return new DrayError(
    "DRAY_MIRROR_BLOCKED",
    `Cannot pull ${name}: ${JSON.stringify(blockedBy)} blocks ${prefix}`,
    { kind: "refused", hint: "Leave the image out, or ask whoever keeps that file." },
  );
}
