import { shownPath, textOf, type Chart } from "../chart/chart.ts";
import type { Instance } from "../helm/values/compose.ts";
import { formatPath, lookUp, type ValuesPath } from "../helm/values/path.ts";
import type { Reference } from "../oci/reference.ts";
import { KeyPlaces } from "../yaml/places.ts";
import type { Collector } from "./collector.ts";
import type { Evidence } from "./discovery.ts";
import { readImageText } from "./image-text.ts";
import { imagesInValues, type ValueImage } from "./value-images.ts";

/** A chart in its place, and what has to be set for it to be there. */
export interface Visited {
  readonly instance: Instance;
  readonly ancestors: readonly Ancestor[];
  readonly when: readonly string[];
  /** True for a setting that the name of an image was printed with. */
  readonly isUsed: (path: ValuesPath) => boolean;
}

/**
 * Adds what values describe. Where a rendering printed the image, they only say where it comes from;
 * what no rendering printed is optional if it is written out with its registry, and otherwise suspect:
 * a template may add one.
 */
export function addValues(visited: Visited, places: ValuePlaces, collector: Collector): void {
  const { instance, ancestors, when, isUsed } = visited;
  const { chart, children, disabled, path, values } = instance;
  if (chart.metadata.type === "library") return;
  const others = [...children, ...disabled].map((one) => one.path.at(-1) ?? "");
  const skip = new Set(path.length === 0 ? others : [...others, "global"]);
  const known = collector.references();
  for (const found of imagesInValues(values, path, skip)) {
    const valuesPath = formatPath(found.path);
    const place = { source: "values", valuesPath, ...places.find(found.path, ancestors) } as const;
    const explained = known.filter(
      (reference) =>
        explains(reference, found) || (isUsed(found.path) && isPartOf(found, reference)),
    );
    for (const reference of explained) collector.add(reference, { ...place, class: "suspect" });
    if (explained.length === 0) addUnused(found, { place, when }, collector);
  }
}

/** True if `reference` is what the values describe, with what a template may add to it. */
function explains(reference: Reference, { image, repository, tag }: ValueImage): boolean {
  const wanted = readImageText(repository);
  if (wanted === undefined) return false;
  const full = `${reference.registry}/${reference.repository}`;
  const whole = `${wanted.reference.registry}/${wanted.reference.repository}`;
  // Charts put a registry before what the values name, or a name behind it.
  const inside = !wanted.hasHost && full.endsWith(`/${withoutTag(repository)}`);
  if (full !== whole && !inside && !full.startsWith(`${whole}/`)) return false;
  if (image?.reference.digest !== undefined && reference.digest === image.reference.digest)
    return true;
  return tag === "" || reference.tag?.includes(tag) === true;
}

/** True if the name of `reference` has been made of the one in the values. */
function isPartOf({ repository, tag }: ValueImage, reference: Reference): boolean {
  if (tag !== "" && reference.tag?.includes(tag) !== true) return false;
  const wanted = readImageText(withoutTag(repository))?.reference.repository;
  return wanted !== undefined && reference.repository.includes(wanted.replace(/^library\//, ""));
}

function withoutTag(repository: string): string {
  return repository.replace(/[:@].*$/, "");
}

interface Unused {
  readonly place: Omit<Evidence, "class">;
  readonly when: readonly string[];
}

function addUnused(found: ValueImage, { place, when }: Unused, collector: Collector): void {
  const { image, certain, whole, enabledBy } = found;
  if (image !== undefined) {
    const by =
      enabledBy === undefined
        ? `something that uses ${place.valuesPath ?? ""}`
        : `${formatPath(enabledBy)}=true`;
    collector.add(image.reference, {
      ...place,
      class: certain && whole ? "optional" : "suspect",
      when: [...when, by],
    });
    return;
  }
  if (certain) reportUntagged(found, place, collector);
}

/** A name of which no rendering tells the tag, unless it follows the version of the cluster. */
function reportUntagged(
  { repository }: ValueImage,
  place: Unused["place"],
  collector: Collector,
): void {
  const name = readImageText(repository)?.reference;
  const isVarying =
    name !== undefined && collector.isVarying(`${name.registry}/${name.repository}`);
  if (isVarying) return;
  collector.unknown({
    code: "IMAGE_NOT_DERIVED",
    needed: false,
    message: `${place.valuesPath ?? ""} names ${repository} without a tag, and no rendering uses it`,
    ...(place.file === undefined ? {} : { file: place.file }),
    ...(place.line === undefined ? {} : { line: place.line }),
  });
}

/** A chart on the way down to a subchart, with where its values begin. */
export interface Ancestor {
  readonly chart: Chart;
  readonly path: ValuesPath;
}

/** Finds the file and line that a value comes from. */
export class ValuePlaces {
  readonly #places = new Map<Chart, KeyPlaces>();

  /**
   * The place of the value at `path`, counted from the top. `ancestors` begin with the chart asked
   * for: what a parent says counts before what a subchart says itself.
   */
  find(
    path: ValuesPath,
    ancestors: readonly Ancestor[],
  ): { file: string; line: number } | undefined {
    for (const { chart, path: start } of ancestors) {
      const own = path.slice(start.length);
      if (own.length === 0 || lookUp(chart.values, own) === undefined) continue;
      const line = this.#placesOf(chart).find(own)?.line ?? 1;
      return { file: shownPath(chart, "values.yaml"), line };
    }
    return undefined;
  }

  #placesOf(chart: Chart): KeyPlaces {
    const places = this.#places.get(chart) ?? new KeyPlaces(textOf(chart, "values.yaml"));
    this.#places.set(chart, places);
    return places;
  }
}
