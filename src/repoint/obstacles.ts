import { textOf } from "../chart/chart.ts";
import { formatPath } from "../helm/values/path.ts";
import { attempt } from "./attempt.ts";
import { candidatesFor } from "./candidates.ts";
import { joinEdits, type Edit } from "./edits.ts";
import { withoutPin } from "./pieces.ts";
import type { Goal, Scene } from "./scene.ts";

/** Why an image is left outside, and what moves it in the place of what was written. */
export interface Obstacle {
  readonly why:
    | "its template names it in full"
    | "others need other values"
    | "another image that is moved stands for it"
    | "no value was found"
    | "no rendering names it";
  /** Values that move it, and for which others point outside. */
  readonly instead?: readonly InsteadValue[];
}

export interface InsteadValue {
  /** `image.registry` */
  readonly path: string;
  readonly value: string;
}

/** Values that are tried; the likeliest come first. */
const MAX_TRIED = 40;

/** Says what keeps an image of a scene from being moved by the values found. */
export function obstacleTo(goal: Goal, scene: Scene, edits: readonly Edit[]): Obstacle {
  if (isNamedInFull(goal, scene)) return { why: "its template names it in full" };
  const near = new Set([goal.file]);
  const candidates = candidatesFor(goal, scene.leaves.of(goal.file)).slice(0, MAX_TRIED);
  for (const candidate of candidates) {
    const tried = attempt(scene, joinEdits(edits, candidate), near);
    if (tried?.moved.has(goal.key) !== true) continue;
    const instead = candidate.flatMap(({ path, value }) =>
      typeof value === "string" ? [{ path: formatPath(path), value }] : [],
    );
    return { why: "others need other values", instead };
  }
  return { why: "no value was found" };
}

/** True if the line of the template that prints a name has all of it. */
function isNamedInFull(goal: Goal, scene: Scene): boolean {
  return lineOf(goal, scene)?.includes(withoutPin(goal.written)) === true;
}

/** True if it has nothing else either, so that no value has a say in it. */
export function isLiteral(goal: Goal, scene: Scene): boolean {
  return isNamedInFull(goal, scene) && lineOf(goal, scene)?.includes("{{") !== true;
}

function lineOf({ file, evidence }: Goal, { base }: Scene): string | undefined {
  const printed = base.files.find((one) => one.file.name === file)?.file;
  if (printed === undefined || evidence.line === undefined) return undefined;
  return textOf(printed.instance.chart, printed.path).split("\n")[evidence.line - 1];
}
