import { keyOf, type Edit } from "./edits.ts";
import { nameOf } from "./names.ts";
import type { Scene } from "./scene.ts";

/** A value that is needed, and for which images. */
export interface KeptEdit extends Edit {
  /** Names at their source of the images that point outside without it. */
  readonly moves: readonly string[];
  /** Of those that come from the target without it too, with another digest or none. */
  readonly pins: readonly string[];
}

/** A scene and what has its new name in it. */
interface Settled {
  readonly scene: Scene;
  readonly moved: ReadonlySet<string>;
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
    if (!isNeeded(edit, without, settled)) kept = without;
  }
  return kept.map((edit) => {
    const without = kept.filter((one) => one !== edit);
    return { ...edit, ...doneBy(edit, without, settled) };
  });
}

/**
 * A switch without which an image is not named at all lifts a refusal, and moves nothing. All files are
 * looked at: a value that goes to a template as an argument is seen to be read by none of them.
 */
function doneBy(
  { value }: Edit,
  without: readonly Edit[],
  all: readonly Settled[],
): Pick<KeptEdit, "moves" | "pins"> {
  const images = all
    .flatMap((one) => lost(one, without, one.scene.files))
    .filter(({ isNamed }) => isNamed || typeof value !== "boolean");
  const named = (isThere: boolean): string[] => {
    const some = images.filter((one) => one.isThere === isThere).map(({ image }) => image);
    return [...new Set(some)].toSorted();
  };
  return { moves: named(false), pins: named(true) };
}
/** A look at the files that read the value tells most; only what seems idle is looked at as a whole. */
function isNeeded(edit: Edit, without: readonly Edit[], all: readonly Settled[]): boolean {
  return (
    all.some((one) => lost(one, without, likelyFiles(one, edit)).length > 0) ||
    all.some((one) => lost(one, without, one.scene.files).length > 0) ||
    all.some(({ scene }) => scene.isWhole && scene.refusals(without).length > 0)
  );
}

/** To see which files of a few read a value takes longer than to look at them. */
function likelyFiles({ scene }: Settled, edit: Edit): ReadonlySet<string> {
  return scene.isWhole ? scene.filesFor(edit) : scene.files;
}

/** An image that has not its new name. */
interface Lost {
  readonly image: string;
  /** It still stands in its place, under another name. */
  readonly isNamed: boolean;
  /** That name is the one at the target, with another pin. */
  readonly isThere: boolean;
}

/** Images that `edits` leave without their new names, in some files. */
function lost(
  { scene, moved }: Settled,
  edits: readonly Edit[],
  files: ReadonlySet<string>,
): Lost[] {
  if (files.size === 0) return [];
  const rendering = scene.render(edits, files);
  const still = scene.movedIn(rendering);
  return [...moved].flatMap((key) => {
    const goal = scene.goals.get(key);
    if (goal === undefined || !files.has(goal.file) || still.has(key)) return [];
    const now = rendering.spots.get(key)?.reference;
    const isNamed = now !== undefined;
    const isThere = isNamed && nameOf(now) === nameOf(goal.target);
    return [{ image: goal.image, isNamed, isThere }];
  });
}

function isGlobal({ path }: Edit): boolean {
  return path[0] === "global";
}
