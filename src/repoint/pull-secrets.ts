import { lookUp, type ValuesPath } from "../helm/values/path.ts";
import { joinEdits, keyOf, type Edit } from "./edits.ts";
import type { Rendering } from "./rendering.ts";
import type { Scene } from "./scene.ts";
import { pullSecretsIn, secretForms } from "./secret-settings.ts";
import { secretPlaces, type SecretPlace } from "./workloads.ts";

/** A value that gives workloads the secret, and which. */
export interface SecretEdit extends Edit {
  /** Objects that lack it without this value, `Deployment/web`. */
  readonly serves: readonly string[];
}

/** Settings of one chart that are tried; the largest known has some sixty. */
const MAX_SETTINGS = 200;

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
    let edits = before;
    if (!scene.isWhole && this.#hasAll(scene, edits)) return edits;
    let served = this.#servedIn(scene, edits);
    for (const path of settingsIn(scene)) {
      if (edits.some((edit) => keyOf(edit) === path.join("\0"))) continue;
      for (const value of secretForms(lookUp(scene.composed, path), this.#name)) {
        const more = joinEdits(edits, [{ path, value }]);
        const now = this.#servedIn(scene, more);
        if (now === undefined || served === undefined) continue;
        if (now.size <= served.size || [...served].some((key) => !now.has(key))) continue;
        [edits, served] = [more, now];
        break;
      }
    }
    return edits;
  }

  /** True if no pod of the scene is left to be given the secret. */
  #hasAll(scene: Scene, edits: readonly Edit[]): boolean {
    const rendering = scene.render([...this.#start, ...edits], scene.podFiles);
    return this.#places(rendering).every(({ kind, hasSecret }) => kind === "other" || hasSecret);
  }

  /** Places that have the secret; undefined if the chart cannot be rendered so. */
  #servedIn(scene: Scene, edits: readonly Edit[]): ReadonlySet<string> | undefined {
    const rendering = scene.render([...this.#start, ...edits], scene.podFiles);
    if (scene.newProblems(rendering).length > 0) return undefined;
    return new Set(this.#places(rendering).flatMap((one) => (one.hasSecret ? [one.key] : [])));
  }

  #places({ files }: Rendering): SecretPlace[] {
    return [...secretPlaces(files, this.#name).values()];
  }

  /** Leaves out what serves nobody alone; global values stay before those of one part. */
  #minimized(edits: readonly Edit[]): SecretEdit[] {
    const all = this.#scenes.map((scene) => this.#servedIn(scene, edits) ?? new Set<string>());
    const lostWithout = (edit: Edit, from: readonly Edit[]): string[] => {
      const others = from.filter((one) => one !== edit);
      return this.#scenes.flatMap((scene, at) => {
        const still = this.#servedIn(scene, others) ?? new Set();
        return [...(all[at] ?? [])].filter((key) => !still.has(key));
      });
    };
    let kept = edits;
    for (const edit of edits.toSorted((a, b) => b.path.length - a.path.length)) {
      if (lostWithout(edit, kept).length === 0) kept = kept.filter((one) => one !== edit);
    }
    return kept.map((edit) => {
      const objects = lostWithout(edit, kept).map((key) => key.split("\n")[1] ?? "");
      return { ...edit, serves: [...new Set(objects)].toSorted() };
    });
  }
}

/** Settings of a scene that are tried: global ones first, then those of ever smaller parts. */
function settingsIn(scene: Scene): readonly ValuesPath[] {
  const read = [...scene.secretSettings.values()].flat().map(({ path }) => path);
  const all = [...read, ...pullSecretsIn(scene.composed)];
  const distinct = [...new Map(all.map((path) => [path.join("\0"), path])).values()];
  return distinct.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_SETTINGS);
}

function rank(path: ValuesPath): number {
  return path[0] === "global" ? 0 : path.length;
}
