import { keyOf, type Edit } from "./edits.ts";
import type { Scene } from "./scene.ts";

/** A value that is needed, and for which images. */
export interface KeptEdit extends Edit {
  /** Names at their source of the images that point outside without it. */
  readonly moves: readonly string[];
  /** True if the chart refuses images of other registries without it. */
  readonly unlocks: boolean;
}

/**
 * Leaves out every value without which everything still has its new name; each of those that are
 * left is needed for something. Values for one image go before those that many share.
 */
export function minimize(edits: readonly Edit[], scenes: readonly Scene[]): KeptEdit[] {
  const settled = scenes.map((scene) => ({ scene, moved: scene.movedIn(scene.render(edits)) }));
  let kept = [...edits];
  const order = edits.toReversed().toSorted((a, b) => Number(isGlobal(a)) - Number(isGlobal(b)));
  for (const edit of order) {
    const without = kept.filter((one) => keyOf(one) !== keyOf(edit));
    const moves = settled.some(({ scene, moved }) => lost(scene, moved, without).length > 0);
    if (!moves && !scenes.some((scene) => isRefused(scene, without))) kept = without;
  }
  return kept.map((edit) => {
    const without = kept.filter((one) => one !== edit);
    const images = settled.flatMap(({ scene, moved }) => lost(scene, moved, without));
    const moves = [...new Set(images)].toSorted();
    return { ...edit, moves, unlocks: moves.length === 0 };
  });
}

/** Images that have their new names no longer. */
function lost(scene: Scene, moved: ReadonlySet<string>, edits: readonly Edit[]): string[] {
  const still = scene.movedIn(scene.render(edits));
  return [...moved]
    .filter((key) => !still.has(key))
    .flatMap((key) => scene.goals.get(key)?.image ?? []);
}

/** Only what Helm prints beside the objects tells of some refusals. */
function isRefused(scene: Scene, edits: readonly Edit[]): boolean {
  return scene.isWhole && scene.refusals(edits).length > 0;
}

function isGlobal({ path }: Edit): boolean {
  return path[0] === "global";
}
