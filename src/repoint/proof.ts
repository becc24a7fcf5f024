import {
  isNeeded,
  rankOf,
  type DiscoveredImage,
  type Evidence,
  type ImageClass,
} from "../discover/discovery.ts";
import { formatPath } from "../helm/values/path.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import type { KeptEdit } from "./minimize.ts";
import { obstacleTo, type InsteadValue, type Obstacle } from "./obstacles.ts";
import type { Rendering } from "./rendering.ts";
import type { Goal, Scene } from "./scene.ts";

/** What became of one image in the rendering with the values that were written. */
export interface ProvenImage {
  /** Its name with the values as they were. */
  readonly image: string;
  /** The name under which the target has it. */
  readonly target: string;
  /** Its name in the rendering with these values; undefined if that names none in its place. */
  readonly now: string | undefined;
  /** True if that is the one under which the target has it. */
  readonly moved: boolean;
  readonly class: ImageClass;
  /** Settings that an optional image takes; the rendering had them. */
  readonly when: readonly string[];
  /** The values that give it its name, `global.imageRegistry`. */
  readonly by: readonly string[];
  readonly places: readonly ImagePlace[];
  /** Of what is not moved: the reason. */
  readonly why?: Obstacle["why"];
  /** Values that move it, and for which others point outside; a file of its own could have them. */
  readonly instead?: readonly InsteadValue[];
}

/** Where a chart prints the name of an image. */
export interface ImagePlace {
  /** The template, below the chart's directory. */
  readonly file?: string;
  readonly line?: number;
  readonly object?: string;
  readonly where?: string;
}

/** Says of every image of a scene what it is called in `rendering`. */
export function proveImages(
  scene: Scene,
  rendering: Rendering,
  edits: readonly KeptEdit[],
): ProvenImage[] {
  const groups = new Map<string, { goal: Goal; now: string | undefined; all: Goal[] }>();
  for (const goal of scene.goals.values()) {
    const now = rendering.spots.get(goal.key)?.image;
    const key = `${goal.image}\n${now ?? ""}`;
    const group = groups.get(key) ?? { goal, now, all: [] };
    groups.set(key, group);
    group.all.push(goal);
  }
  return [...groups.values()].map(({ goal, goal: { image, target }, now, all }) => ({
    image,
    target: formatReference(target),
    now,
    moved: now === formatReference(target),
    class: strongest(all, scene),
    when: scene.when,
    by: edits
      .filter(({ moves, pins }) => moves.includes(image) || pins.includes(image))
      .map(({ path }) => formatPath(path)),
    places: all.map(({ evidence }) => placeOf(evidence)),
    ...(now !== formatReference(target) && obstacleTo(goal, scene, edits)),
  }));
}

/** Each image once that is moved wherever it stands, with all its places; what needs it most comes first. */
export function joinPlaces(images: readonly ProvenImage[]): ProvenImage[] {
  const joined = new Map<string, ProvenImage>();
  for (const one of images) {
    const key = one.moved ? one.image : `${one.image}\n${joined.size}`;
    const known = joined.get(key);
    if (known === undefined) joined.set(key, one);
    else {
      const by = [...new Set([...known.by, ...one.by])];
      joined.set(key, { ...known, by, places: [...known.places, ...one.places] });
    }
  }
  return [...joined.values()];
}

/** Says of images that others need in other places that one that is moved comes for them. */
export function withReplaced(images: readonly ProvenImage[]): ProvenImage[] {
  const moved = new Map(images.filter((one) => one.moved).map((one) => [one.target, one.image]));
  return images.map((one) => {
    const by = one.moved || one.now === undefined ? undefined : moved.get(one.now);
    return by === undefined ? one : { ...one, why: "another image that is moved stands for it" };
  });
}

/** An image of which something else than a rendering speaks. */
export function unmoved(found: DiscoveredImage, target: Reference): ProvenImage {
  return {
    image: found.image,
    target: formatReference(target),
    now: undefined,
    moved: false,
    class: found.class,
    when: found.optionalBy[0] ?? [],
    by: [],
    places: found.evidence.slice(0, 1).map(placeOf),
    why: "no rendering names it",
  };
}

function placeOf({ file, line, object, where, valuesPath }: Evidence): ImagePlace {
  const what = where ?? valuesPath;
  return {
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(object === undefined ? {} : { object }),
    ...(what === undefined ? {} : { where: what }),
  };
}

function strongest(goals: readonly Goal[], { when }: Scene): ImageClass {
  const classes = goals.map(({ evidence }) => evidence.class);
  const [best = "suspect"] = classes.toSorted((a, b) => rankOf(a) - rankOf(b));
  return when.length > 0 && isNeeded({ class: best }) ? "optional" : best;
}

/** Those that are needed first, those outside first among them, then by name. */
export function compareProven(a: ProvenImage, b: ProvenImage): number {
  return (
    rankOf(a.class) - rankOf(b.class) ||
    Number(a.moved) - Number(b.moved) ||
    (a.image < b.image ? -1 : a.image > b.image ? 1 : 0)
  );
}
