import { endsInLibrary, headsIn, headValues } from "./heads.ts";
import { joinEdits, keyOf, type Edit } from "./edits.ts";
import type { Leaf } from "./leaves.ts";
import { nameOf } from "./names.ts";
import { formsOf } from "./pieces.ts";
import type { Scene } from "./scene.ts";
import { attempt, type Attempt } from "./attempt.ts";

/** Settings that several images have in common; charts have one or two. */
const MAX_KEYS = 12;

/** Values tried for one of them: the ones that fit most images. */
const MAX_VALUES = 4;

/** A setting that is the beginning of several images' names, or could be. */
export interface SharedKey {
  readonly leaf: Leaf;
  readonly images: Set<string>;
  /** Names of the files that print these. */
  readonly files: Set<string>;
  /** How many images each value would fit. */
  readonly values: Map<string, { readonly edit: Edit; readonly images: Set<string> }>;
}

/**
 * Adds settings such as `global.imageRegistry` as long as each moves images that were not moved
 * before. Fewer values are left to set one by one then.
 */
export function sharedEdits(
  scene: Scene,
  start: readonly Edit[],
  keys: readonly SharedKey[],
): readonly Edit[] {
  let edits = start;
  let moved = scene.movedIn(scene.render(start)).size;
  for (const { values } of keys) {
    if (moved === scene.goals.size) break;
    const likely = [...values.values()].toSorted((a, b) => b.images.size - a.images.size);
    let best: Attempt | undefined;
    for (const { edit } of likely.slice(0, MAX_VALUES)) {
      const tried = attempt(scene, joinEdits(edits, [edit]));
      if (tried !== undefined && tried.moved.size > (best?.moved.size ?? moved)) best = tried;
    }
    if (best === undefined) continue;
    edits = best.edits;
    moved = best.moved.size;
  }
  return edits;
}

/** Global ones first, then those that most images have in common. */
export function sharedKeys(scene: Scene): SharedKey[] {
  const keys = new Map<string, SharedKey>();
  for (const { file, image, reference, written, target } of scene.goals.values()) {
    const forms = formsOf(reference, written);
    const all = headsIn(scene.leaves.of(file), forms);
    // What stands at the top may reach a template on ways that leave no trace.
    const near = all.filter(({ leaf }) => leaf.isRead || leaf.path.length === 1 || isGlobal(leaf));
    for (const { leaf, rests } of near) {
      const known = keys.get(keyOf(leaf)) ?? {
        leaf,
        images: new Set(),
        files: new Set(),
        values: new Map(),
      };
      keys.set(keyOf(leaf), known);
      known.images.add(image);
      known.files.add(file);
      const fitting = headValues(leaf, rests, nameOf(target)).filter(
        (edit) => !endsInLibrary(edit),
      );
      for (const edit of fitting) {
        const text = JSON.stringify(edit.value);
        const value = known.values.get(text) ?? { edit, images: new Set() };
        known.values.set(text, value);
        value.images.add(image);
      }
    }
  }
  return [...keys.values()]
    .filter(({ leaf, images }) => isGlobal(leaf) || images.size > 1)
    .toSorted((a, b) => rank(a) - rank(b) || b.images.size - a.images.size)
    .slice(0, MAX_KEYS);
}

function rank({ leaf }: SharedKey): number {
  return isGlobal(leaf) ? 0 : leaf.path.length;
}

/** True for a setting that reaches further than one part of the chart. */
export function isCommon({ leaf, files }: SharedKey): boolean {
  return isGlobal(leaf) || leaf.path.length === 1 || files.size > 1;
}

function isGlobal({ path }: Leaf): boolean {
  return path[0] === "global";
}
