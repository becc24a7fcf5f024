import { attempt, type Attempt } from "./attempt.ts";
import { absentLeaves } from "./absent-keys.ts";
import { behindSwitches, differInNames, type BehindSwitch } from "./behind-switches.ts";
import { candidatesFor } from "./candidates.ts";
import { joinEdits, keyOf, type Edit } from "./edits.ts";
import { isCalledPart, type Leaf } from "./leaves.ts";
import { isLiteral } from "./obstacles.ts";
import type { Goal, Scene } from "./scene.ts";
import { isCommon, sharedEdits, sharedKeys } from "./shared-keys.ts";

/** Times that all images are gone through; what one value undoes, another has to mend. */
const MAX_PASSES = 3;

/**
 * `shared`: what several images have in common is set first, and then left alone. `single`: it is not
 * touched. `any`: no difference is made.
 */
export type Plan = "shared" | "single" | "any";

/** Looks for values that give the images of one scene their new names: by trying each. */
export class Search {
  readonly #scene: Scene;
  /** Settings that no single image may change. */
  #settled: ReadonlySet<string>;
  #edits: readonly Edit[];

  constructor(scene: Scene, start: readonly Edit[]) {
    this.#scene = scene;
    this.#edits = start;
    this.#settled = new Set(start.map(keyOf));
  }

  /** The values found. */
  run(plan: Plan): readonly Edit[] {
    const keys = plan === "any" ? [] : sharedKeys(this.#scene);
    if (plan === "shared") {
      this.#edits = sharedEdits(this.#scene, this.#edits, keys);
    }
    const common = plan === "single" ? keys.filter(isCommon).map(({ leaf }) => leaf) : this.#edits;
    this.#settled = new Set([...this.#settled, ...common.map(keyOf)]);
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const before = this.#edits;
      const moved = this.#scene.movedIn(this.#scene.render(before));
      const left = [...this.#scene.goals.values()].filter(({ key }) => !moved.has(key));
      // The first time a look at the one file is enough; later, what moved before has to stay.
      for (const goal of left) this.#move(goal, pass === 0 ? { only: new Set([goal.file]) } : {});
      if (this.#edits === before) break;
    }
    return this.#edits;
  }

  /** The values found, with keys that only templates know for what nothing else moves. */
  runAbsent(): readonly Edit[] {
    const moved = this.#scene.movedIn(this.#scene.render(this.#edits));
    const left = [...this.#scene.goals.values()].filter(({ key }) => !moved.has(key));
    const byFile = new Map<string, readonly Leaf[]>();
    for (const goal of left) {
      const all = byFile.get(goal.file) ?? absentLeaves(this.#scene, goal.file);
      byFile.set(goal.file, all);
      // Another part of the template may name what a value says.
      const leaves = isLiteral(goal, this.#scene) ? all.filter(isCalledImage) : all;
      this.#move(goal, { leaves });
    }
    const behind = new Map<string, readonly BehindSwitch[]>();
    for (const goal of left) {
      const all = behind.get(goal.file) ?? behindSwitches(this.#scene, goal.file);
      behind.set(goal.file, all);
      this.#moveBehind(goal, all);
    }
    return this.#edits;
  }

  /** What a switch and a setting behind it move together, as long as they change nothing but names. */
  #moveBehind(goal: Goal, switches: readonly BehindSwitch[]): void {
    const moved = this.#scene.movedIn(this.#scene.render(this.#edits));
    if (moved.has(goal.key)) return;
    const near = new Set([goal.file]);
    for (const { turn, leaves } of switches) {
      const turned = joinEdits(this.#edits, [turn]);
      const { reference, written } = this.#scene.render(turned, near).spots.get(goal.key) ?? goal;
      const wanted = { reference, written, target: goal.target };
      for (const candidate of candidatesFor(wanted, leaves)) {
        if ([turn, ...candidate].some((edit) => this.#settled.has(keyOf(edit)))) continue;
        const edits = joinEdits(turned, candidate);
        if (attempt(this.#scene, edits, near)?.moved.has(goal.key) !== true) continue;
        const tried = attempt(this.#scene, edits);
        if (tried === undefined || [...moved].some((key) => !tried.moved.has(key))) continue;
        if (!this.#changesNames(tried.edits, goal)) continue;
        this.#edits = tried.edits;
        return;
      }
    }
  }

  /** True if all that the scene prints differs in names of the target alone. */
  #changesNames(edits: readonly Edit[], { target }: Goal): boolean {
    const { base } = this.#scene;
    const all = new Set(base.files.map(({ file }) => file.name));
    const before = this.#scene.render(this.#edits, all);
    return differInNames(before, this.#scene.render(edits, all), target.registry);
  }

  #move(
    goal: Goal,
    {
      only,
      leaves = this.#scene.leaves.of(goal.file),
    }: { readonly only?: ReadonlySet<string>; readonly leaves?: readonly Leaf[] },
  ): void {
    const now = this.#scene.movedIn(this.#scene.render(this.#edits, only));
    if (now.has(goal.key)) return;
    for (const candidate of candidatesFor(goal, leaves)) {
      if (candidate.some((edit) => this.#settled.has(keyOf(edit)))) continue;
      // Most move nothing, and for that a look at the one file is enough.
      const nearby = this.#near(goal, candidate);
      if (nearby === undefined) continue;
      const tried = only === undefined ? attempt(this.#scene, nearby.edits) : nearby;
      if (tried?.moved.has(goal.key) !== true) continue;
      if ([...now].some((key) => !tried.moved.has(key))) continue;
      this.#edits = tried.edits;
      return;
    }
  }

  /** What comes of values in the one file, without those of them that do nothing for the image. */
  #near(goal: Goal, candidate: readonly Edit[]): Attempt | undefined {
    const near = new Set([goal.file]);
    const moving = (edits: readonly Edit[]): Attempt | undefined => {
      const tried = attempt(this.#scene, joinEdits(this.#edits, edits), near);
      return tried?.moved.has(goal.key) === true ? tried : undefined;
    };
    const all = moving(candidate);
    if (all === undefined || candidate.length === 1) return all;
    for (const edit of candidate) {
      const fewer = moving(candidate.filter((one) => one !== edit));
      if (fewer !== undefined) return fewer;
    }
    return all;
  }
}

/** True for what only a template knows, and what it calls as if it were the name of an image. */
function isCalledImage({ path, isAbsent }: Leaf): boolean {
  return isAbsent === true && isCalledPart(path);
}
