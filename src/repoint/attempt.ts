import { joinEdits, type Edit } from "./edits.ts";
import type { Rendering } from "./rendering.ts";
import type { Scene } from "./scene.ts";
import { unlockingEdits } from "./unlock.ts";

/** Values that were tried, and what came of it. */
export interface Attempt {
  readonly edits: readonly Edit[];
  /** Keys of the spots that have their new names. */
  readonly moved: ReadonlySet<string>;
}

/** Tries values in `only` these files; undefined if the chart refuses them or cannot be rendered. */
export function attempt(
  scene: Scene,
  edits: readonly Edit[],
  only?: ReadonlySet<string>,
): Attempt | undefined {
  const first = render(scene, edits, only);
  if (first.problems.length === 0) return first;
  const more = unlockingEdits(first.problems, scene.composed);
  if (more.length === 0) return undefined;
  const second = render(scene, joinEdits(edits, more), only);
  return second.problems.length === 0 ? second : undefined;
}

function render(
  scene: Scene,
  edits: readonly Edit[],
  only?: ReadonlySet<string>,
): Attempt & Pick<Rendering, "problems"> {
  const rendering = scene.render(edits, only);
  return { edits, moved: scene.movedIn(rendering), problems: scene.newProblems(rendering) };
}
