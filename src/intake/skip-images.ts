import type { Adopted } from "../foreign/adopt.ts";
import { kindOf } from "../bundle/artifact.ts";
import type { Skipped, SkippedImage } from "../bundle/skipped.ts";
import { isNeeded, type DiscoveredImage } from "../discover/discovery.ts";
import { joinImages } from "../discover/image-lists.ts";
import type { Finding } from "../finding.ts";
import { formatReference, parseReference, type Reference } from "../oci/reference.ts";
import { skipOf, type Skip } from "./recipe/skip.ts";
import type { SearchedChart } from "./search-charts.ts";

/** What is left out on purpose, and what has to be said of it. */
export interface LeftOut {
  readonly skipped: readonly Skipped[];
  readonly findings: readonly Finding[];
}

export interface Offered {
  readonly skips: readonly Skip[];
  readonly listed: readonly Reference[];
  readonly adopted: Adopted;
  readonly searched: readonly SearchedChart[];
}

/** Everything that the user leaves out, of all that was listed, packed by others, or found in charts. */
export function leaveOut(offered: Offered): LeftOut {
  const { skips, listed, adopted, searched } = offered;
  const found = joinImages(searched.map(({ discovery }) => discovery));
  const needed = new Set(found.filter(isNeeded).map(({ image }) => image));
  const references = [
    ...listed,
    ...found.map(({ reference }: DiscoveredImage) => reference),
    ...adopted.artifacts
      .filter((one) => kindOf(one) !== "chart")
      .map(({ reference }) => parseReference(reference)),
  ];
  const used = new Set<Skip>();
  const images = new Map<string, SkippedImage>();
  for (const reference of references) {
    const skip = skipOf(skips, reference);
    if (skip === undefined) continue;
    used.add(skip);
    const image = formatReference(reference);
    images.set(image, { image, needed: needed.has(image), reason: skip.reason });
  }
  const kinds = kindsIn(searched);
  for (const skip of skips) if ("kind" in skip && kinds.has(skip.kind)) used.add(skip);
  return {
    skipped: [
      ...[...images.values()].toSorted((a, b) => (a.image < b.image ? -1 : 1)),
      ...settledIn(searched),
    ],
    findings: skips.filter((skip) => !used.has(skip)).map(unused),
  };
}

/** With what bundles left out before, unless it is `packed` now or has a reason of today. */
export function withEarlier(
  { skipped, findings }: LeftOut,
  earlier: readonly Skipped[],
  packed: ReadonlySet<string>,
): LeftOut {
  const all = new Map(earlier.map((one) => [keyOf(one), one]));
  for (const image of packed) all.delete(`image ${image}`);
  for (const one of skipped) all.set(keyOf(one), one);
  const sorted = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  return { skipped: sorted, findings };
}

function keyOf(one: Skipped): string {
  return "image" in one ? `image ${one.image}` : `kind ${one.kind}`;
}

function kindsIn(searched: readonly SearchedChart[]): Set<string> {
  return new Set(
    searched.flatMap(({ discovery }) =>
      discovery.unknowns.flatMap(({ kind }) => (kind === undefined ? [] : [kind])),
    ),
  );
}

/** The kinds of custom resources that the user has given a word on, each once. */
function settledIn(searched: readonly SearchedChart[]): Skipped[] {
  const words = new Map<string, string>();
  for (const { discovery } of searched) {
    for (const { kind, word } of discovery.unknowns) {
      if (kind !== undefined && word !== undefined) words.set(kind, word);
    }
  }
  return [...words].map(([kind, reason]) => ({ kind, reason }));
}

function unused(skip: Skip): Finding {
  const what = "image" in skip ? `image ${skip.image}` : `custom resource ${skip.kind}`;
  return {
    code: "SKIP_UNUSED",
    severity: "warning",
    message: `nothing is left out by skip of ${what}: nothing asks for it`,
    hint: "Look for a misspelled name, or take the skip away.",
  };
}
