import { lookUp, type ValuesPath } from "../helm/values/path.ts";
import { joinEdits, keyOf, type Edit } from "./edits.ts";
import type { Rendering } from "./rendering.ts";
import type { Scene } from "./scene.ts";
import { publicFirst } from "./leaves.ts";
import { hintedSecrets } from "./secret-hints.ts";
import { pullSecretsIn, secretForms, spokenSecrets } from "./secret-settings.ts";
import { secretPlaces, type SecretPlace } from "./secret-places.ts";

/** A value that gives workloads the secret, and which. */
export interface SecretEdit extends Edit {
  /** Objects that lack it without this value, `Deployment/web`. */
  readonly serves: readonly string[];
}

/** Values, and what has the secret with them. */
interface Served {
  readonly edits: readonly Edit[];
  readonly served: ServedPlaces;
}

/** Places that have the secret, by their keys. */
type ServedPlaces = ReadonlyMap<string, SecretPlace>;

/** Settings of one chart that are tried; the largest known has some sixty. */
const MAX_SETTINGS = 200;

/** So few files are rendered at once. */
const FEW = 3;

/** Looks for the values that give every workload the secret `name`, by trying each. */
export class SecretSearch {
  readonly #scenes: readonly Scene[];
  readonly #start: readonly Edit[];
  readonly #name: string;

  /** `start`: the values that move the images. */
  constructor(scenes: readonly Scene[], start: readonly Edit[], name: string) {
    this.#scenes = scenes;
    this.#start = start;
    this.#name = name;
  }

  run(): SecretEdit[] {
    let edits: readonly Edit[] = [];
    for (const scene of this.#scenes) edits = this.#inScene(scene, edits);
    return this.#minimized(edits);
  }

  #inScene(scene: Scene, before: readonly Edit[]): readonly Edit[] {
    if (!scene.isWhole && this.#hasAll(scene, before)) return before;
    const edits = this.#withSettings(scene, settingsIn(scene), before);
    if (this.#hasAll(scene, edits)) return edits;
    const spoken = spokenSecrets(scene.podTemplates, scene.composed).slice(0, MAX_SETTINGS);
    const more = this.#withSettings(scene, spoken, edits);
    const without = this.#without(scene, more);
    if (without.length === 0) return more;
    return this.#withSettings(scene, hintedSecrets(scene, without), more);
  }

  /** Each of some settings, as far as it gives the secret to something more. */
  #withSettings(
    scene: Scene,
    paths: readonly ValuesPath[],
    before: readonly Edit[],
  ): readonly Edit[] {
    let edits = before;
    let served = this.#servedIn(scene, edits) ?? new Map();
    for (const path of paths) {
      if (edits.some((edit) => keyOf(edit) === path.join("\0"))) continue;
      const best = this.#bestForm(scene, path, { edits, served });
      if (best !== undefined) ({ edits, served } = best);
    }
    return edits;
  }

  /** The form of one setting that gives the secret to pods, or else to most other things. */
  #bestForm(scene: Scene, path: ValuesPath, before: Served): Served | undefined {
    let best: Served | undefined;
    const near = readerOf(scene, path);
    for (const value of secretForms(lookUp(scene.composed, path), this.#name)) {
      const now = this.#with(scene, joinEdits(before.edits, [{ path, value }]), near);
      if (now === undefined || !isMore(now.served, (best ?? before).served)) continue;
      const { served } = now;
      if ([...before.served.keys()].some((key) => !served.has(key))) continue;
      best = now;
      // What only hands it on takes any form.
      if (podsIn(served) > podsIn(before.served)) break;
    }
    return best;
  }

  /**
   * Some templates look for global secrets too, and fail where there are no globals at all. What fails
   * fails in `near` already, most often.
   */
  #with(scene: Scene, edits: readonly Edit[], near: ReadonlySet<string>): Served | undefined {
    const more = scene.composed.has("global") ? [] : [[...edits, NO_GLOBALS]];
    for (const all of [edits, ...more]) {
      if (near.size > 0 && !this.#isRendered(scene, all, near)) continue;
      const served = this.#servedIn(scene, all);
      if (served !== undefined) return { edits: all, served };
    }
    return undefined;
  }

  #isRendered(scene: Scene, edits: readonly Edit[], files: ReadonlySet<string>): boolean {
    return scene.newProblems(scene.render([...this.#start, ...edits], files)).length === 0;
  }

  /** True if no pod of the scene is left to be given the secret. */
  #hasAll(scene: Scene, edits: readonly Edit[]): boolean {
    return this.#without(scene, edits).length === 0;
  }

  /** Files that print pods without the secret. */
  #without(scene: Scene, edits: readonly Edit[]): string[] {
    const rendering = scene.render([...this.#start, ...edits], scene.podFiles);
    const pods = this.#places(rendering).filter(
      ({ kind, hasSecret }) => kind === "pod" && !hasSecret,
    );
    return [...new Set(pods.map(({ file }) => file))];
  }

  /** Places that have the secret; undefined if the chart cannot be rendered so. */
  #servedIn(scene: Scene, edits: readonly Edit[]): ServedPlaces | undefined {
    const rendering = scene.render([...this.#start, ...edits], scene.podFiles);
    if (scene.newProblems(rendering).length > 0) return undefined;
    const served = this.#places(rendering).filter(({ hasSecret }) => hasSecret);
    return new Map(served.map((place) => [place.key, place]));
  }

  #places({ files }: Rendering): SecretPlace[] {
    return [...secretPlaces(files, this.#name).values()];
  }

  /** Leaves out what serves nobody alone; global values stay before those of one part. */
  #minimized(edits: readonly Edit[]): SecretEdit[] {
    const all = this.#scenes.map((scene) => this.#servedIn(scene, edits));
    const lostWithout = (edit: Edit, from: readonly Edit[]): SecretPlace[] => {
      const others = from.filter((one) => one !== edit);
      return this.#scenes.flatMap((scene, at) => {
        const still = this.#servedIn(scene, others);
        return [...(all[at]?.values() ?? [])].filter(({ key }) => still?.has(key) !== true);
      });
    };
    let kept = edits;
    for (const edit of edits.toSorted((a, b) => b.path.length - a.path.length)) {
      if (lostWithout(edit, kept).length === 0) kept = kept.filter((one) => one !== edit);
    }
    return kept.map((edit) => {
      const objects = lostWithout(edit, kept).map(({ object }) => object);
      return { ...edit, serves: [...new Set(objects)].toSorted() };
    });
  }
}

/** One of the files that were seen to look at a setting for a secret; none where these are a few. */
function readerOf({ secretSettings }: Scene, path: ValuesPath): ReadonlySet<string> {
  const key = path.join("\0");
  const readers = [...secretSettings]
    .filter(([, settings]) => settings.some((one) => one.path.join("\0") === key))
    .map(([file]) => file);
  return new Set(readers.length > FEW ? readers.slice(0, 1) : []);
}

const NO_GLOBALS: Edit = { path: ["global"], value: new Map() };

/** More pods, or as many and more of what hands the secret on. */
function isMore(one: ServedPlaces, other: ServedPlaces): boolean {
  const pods = podsIn(one) - podsIn(other);
  return pods === 0 ? one.size > other.size : pods > 0;
}

function podsIn(places: ServedPlaces): number {
  return [...places.values()].filter(({ kind }) => kind === "pod").length;
}

/** Settings of a scene that are tried: global ones first, then those of ever smaller parts. */
function settingsIn(scene: Scene): readonly ValuesPath[] {
  const read = [...scene.secretSettings.values()].flat().map(({ path }) => path);
  const all = [...read, ...pullSecretsIn(scene.composed)].flatMap(publicFirst);
  const distinct = [...new Map(all.map((path) => [path.join("\0"), path])).values()];
  return distinct.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_SETTINGS);
}

function rank(path: ValuesPath): number {
  return path[0] === "global" ? 0 : path.length;
}
