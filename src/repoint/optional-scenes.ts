import { append } from "../content/append.ts";
import {
  isNeeded,
  type DiscoveredImage,
  type Discovery,
  type Evidence,
} from "../discover/discovery.ts";
import type { Dict } from "../helm/template/value.ts";
import type { TargetNames } from "./names.ts";
import { installationsFor } from "./optional-installation.ts";
import type { Renderer } from "./rendering.ts";
import { Scene } from "./scene.ts";
import type { Spot } from "./spots.ts";
import { switchedOff } from "./switched-off.ts";

/** Ways to switch one image on that are tried. */
const MAX_WAYS = 3;

/** Places of images that are shown elsewhere too. */
const MAX_PLACES = 200;

/** Parts that are switched on beside those that discovery speaks of; each takes a rendering. */
const MAX_SWITCHED = 40;

/** The user's values, by themselves and with those of the chart, and what looks at them. */
interface Stage {
  readonly given: Dict;
  readonly composed: Dict;
  readonly renderer: Renderer;
  readonly names: TargetNames;
}

/** An image that other settings switch on. */
interface Optional {
  readonly image: string;
  /** Settings that do, each way by itself. */
  readonly ways: readonly (readonly string[])[];
  /** Below the directory of the chart. */
  readonly files: readonly string[];
  /** The one place that is meant; undefined where it is any. */
  readonly place?: string;
}

/**
 * The chart with each setting that switches an optional image on, as far as discovery could tell it,
 * and for what `base` or another setting shows already each that shows it in one more place. What the
 * same setting switches on is in one scene. What takes fewest settings comes first: of two images that
 * want other values of one key it is the likelier. Then each part that is off and that discovery says
 * nothing new of.
 */
export function optionalScenes(
  images: readonly DiscoveredImage[],
  base: Scene,
  stage: Stage,
): Scene[] {
  const anywhere = images.filter((one) => !shows(base, one)).flatMap(inAnyPlace);
  const scenes: Scene[] = [base];
  for (const wanted of [anywhere, images.flatMap(inMorePlaces).slice(0, MAX_PLACES)]) {
    const hidden = wanted.filter((one) => !isShown(one, scenes));
    append(scenes, scenesFor(hidden, scenes, stage));
  }
  append(scenes, switchedScenes(scenes, stage));
  return scenes.slice(1);
}

function scenesFor(wanted: readonly Optional[], before: readonly Scene[], stage: Stage): Scene[] {
  const waiting = new Set(wanted);
  const shown = new Set(before.flatMap(placesIn));
  const steps = wanted
    .flatMap((one) => one.ways.slice(0, MAX_WAYS).map((way) => ({ one, way })))
    .toSorted((a, b) => a.way.length - b.way.length);
  const scenes: Scene[] = [];
  for (const { one, way } of steps) {
    if (!waiting.has(one)) continue;
    const by = way.join("\n");
    const here = [...waiting].filter(({ ways }) => ways.some((other) => other.join("\n") === by));
    const scene = sceneFor(way, { here, shown }, stage);
    if (scene === undefined) continue;
    for (const place of placesIn(scene)) shown.add(place);
    for (const other of waiting) if (isShown(other, [scene])) waiting.delete(other);
    scenes.push(scene);
  }
  return scenes;
}

/** Images that only something else than a rendering speaks of: no value can be seen to move them. */
export function unseen(
  { images }: Discovery,
  scenes: readonly Scene[],
  neededOnly: boolean,
): DiscoveredImage[] {
  return images.filter(
    (one) =>
      one.class !== "suspect" &&
      (isNeeded(one) || !neededOnly) &&
      !scenes.some((scene) => shows(scene, one)),
  );
}

/** True if a rendering of the scene names the image. */
function shows({ base }: Scene, { image }: Pick<DiscoveredImage, "image">): boolean {
  return [...base.spots.values()].some((spot) => spot.image === image);
}

function inAnyPlace({ class: kind, image, optionalBy, evidence }: DiscoveredImage): Optional[] {
  if (kind !== "optional") return [];
  return [{ image, ways: optionalBy, files: evidence.flatMap(({ file }) => file ?? []) }];
}

function inMorePlaces({ image, evidence }: DiscoveredImage): Optional[] {
  return evidence.flatMap((one) => {
    const { class: kind, source, file, when = [] } = one;
    if (kind !== "optional" || source !== "rendering" || file === undefined) return [];
    return when.length === 0 ? [] : [{ image, ways: [when], files: [file], place: placeOf(one) }];
  });
}

function placeOf({ file, object, where }: Evidence): string {
  return [file, object, where].join("\n");
}

function isShown(
  { image, place }: Pick<Optional, "image" | "place">,
  scenes: readonly Scene[],
): boolean {
  return scenes.some(({ goals }) =>
    [...goals.values()].some(
      (goal) => goal.image === image && (place === undefined || place === placeOf(goal.evidence)),
    ),
  );
}

/** What is named where in a scene. */
function placesIn({ base }: Scene): string[] {
  return [...base.spots.values()].map(nameAndPlace);
}

function nameAndPlace({ key, image }: Spot): string {
  return `${image}\n${key}`;
}

/** `shown`: what other scenes have; whatever else the setting brings is to be moved with what is meant. */
function sceneFor(
  way: readonly string[],
  { here, shown }: { readonly here: readonly Optional[]; readonly shown: ReadonlySet<string> },
  stage: Stage,
): Scene | undefined {
  const { renderer } = stage;
  const paths = new Set(here.flatMap(({ files }) => files));
  const images = new Set(here.map(({ image }) => image));
  const wants = (spot: Spot): boolean => images.has(spot.image) || !shown.has(nameAndPlace(spot));
  for (const installation of installationsFor(way, stage)) {
    const only = renderer.filesAt(installation, paths);
    const scene = new Scene(stage, installation, { only, wants });
    if (here.some(({ image }) => isShown({ image }, [scene]))) return scene;
  }
  return undefined;
}

/** What else is named somewhere once a part is on that no other scene has switched on. */
function switchedScenes(before: readonly Scene[], stage: Stage): Scene[] {
  const shown = new Set(before.flatMap(placesIn));
  const isKnown = (way: readonly string[]): boolean =>
    before.some(({ when }) => way.every((setting) => when.includes(setting)));
  const ways = switchedOff(stage.composed).filter((way) => !isKnown(way));
  const tried = ways.slice(0, MAX_SWITCHED);
  const scenes: Scene[] = [];
  for (const installation of tried.flatMap((way) => installationsFor(way, stage))) {
    const only = stage.renderer.filesOf(installation);
    const wants = (spot: Spot): boolean => !shown.has(nameAndPlace(spot));
    const scene = new Scene(stage, installation, { only, wants });
    if (scene.goals.size === 0) continue;
    for (const place of placesIn(scene)) shown.add(place);
    scenes.push(scene);
  }
  return scenes;
}
