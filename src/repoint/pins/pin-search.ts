import { formatReference, type Reference } from "../../oci/reference.ts";
import { joinEdits, keyOf, type Edit } from "../edits.ts";
import { pinsIn, type Leaf } from "../leaves.ts";
import type { Goal, Scene } from "../scene.ts";
import { pinCandidates } from "./pin-candidates.ts";

/** The name that an image is to have, with its digest or without; undefined leaves it as it is. */
export type Repin = (goal: Goal) => Reference | undefined;

interface Change {
  readonly before: readonly Edit[];
  readonly after: readonly Edit[];
}

/**
 * Looks for values that give images their digests, or take them away, by trying each: what was moved
 * stays so. Every scene is told which of its images have other names by then.
 */
export class PinSearch {
  readonly #scenes: readonly Scene[];
  #edits: readonly Edit[];
  /** The names wished for, by the name as it is now. */
  readonly #wanted = new Map<string, Reference>();

  constructor(scenes: readonly Scene[], edits: readonly Edit[], repin: Repin) {
    this.#scenes = scenes;
    this.#edits = edits;
    for (const goal of scenes.flatMap(({ goals }) => [...goals.values()])) {
      const wanted = repin(goal);
      if (wanted !== undefined) this.#wanted.set(formatReference(goal.target), wanted);
    }
  }

  run(): readonly Edit[] {
    const before = this.#edits;
    for (const scene of this.#scenes) {
      for (const goal of scene.goals.values()) this.#pin(goal, scene);
    }
    // A value that reaches a template on ways that leave no trace may have done harm there.
    const change = { before, after: this.#edits };
    if (!this.#scenes.every((scene) => this.#isUnharmed(scene, scene.files, change))) {
      this.#edits = before;
    }
    for (const scene of this.#scenes) this.#settle(scene);
    return this.#edits;
  }

  #pin(goal: Goal, scene: Scene): void {
    const wanted = this.#wanted.get(formatReference(goal.target));
    if (wanted === undefined) return;
    const files = new Set([goal.file]);
    const now = scene.render(this.#edits, files).spots.get(goal.key)?.image;
    if (now !== formatReference(goal.target)) return;
    for (const edit of pinCandidates({ now: goal.target, wanted }, this.#leaves(goal, scene))) {
      const tried = joinEdits(this.#edits, [edit]);
      const rendering = scene.render(tried, files);
      if (rendering.spots.get(goal.key)?.image !== formatReference(wanted)) continue;
      if (scene.newProblems(rendering).length > 0) continue;
      const change = { before: this.#edits, after: tried };
      const isFine = this.#scenes.every((one) => this.#isUnharmed(one, one.filesFor(edit), change));
      if (!isFine) continue;
      this.#edits = tried;
      return;
    }
  }

  /** What may have a say in the name, with the values as they have become. */
  #leaves({ file }: Goal, scene: Scene): Leaf[] {
    const set = new Map(this.#edits.map((edit) => [keyOf(edit), edit.value]));
    const near = scene.leaves.of(file);
    const known = new Set(near.map(keyOf));
    // Of a tag in an argument nobody saw who looked at it.
    const others = pinsIn(scene.composed).filter((leaf) => !known.has(keyOf(leaf)));
    return [...near, ...others].map((leaf) => {
      const value = set.get(keyOf(leaf));
      return typeof value === "string" ? { ...leaf, text: value } : leaf;
    });
  }

  /** True if every image of these files that was moved has its name, or the one wished for. */
  #isUnharmed(scene: Scene, files: ReadonlySet<string>, change: Change): boolean {
    if (files.size === 0) return true;
    const before = scene.render(change.before, files).spots;
    const rendering = scene.render(change.after, files);
    if (scene.newProblems(rendering).length > 0) return false;
    return [...scene.goals.values()].every(({ key, file, target }) => {
      if (!files.has(file)) return true;
      const name = formatReference(target);
      const wanted = this.#wanted.get(name);
      const fine = [name, ...(wanted === undefined ? [] : [formatReference(wanted)])];
      if (!fine.includes(before.get(key)?.image ?? "")) return true;
      return fine.includes(rendering.spots.get(key)?.image ?? "");
    });
  }

  #settle(scene: Scene): void {
    const { spots } = scene.render(this.#edits);
    scene.aim(({ key, target }) => {
      const wanted = this.#wanted.get(formatReference(target));
      const has = wanted !== undefined && spots.get(key)?.image === formatReference(wanted);
      return has ? wanted : target;
    });
  }
}
