import type { Chart } from "../chart/chart.ts";
import { byCodePoint, type Dict } from "../helm/template/value.ts";
import { startsWith, type ValuesPath } from "../helm/values/path.ts";
import { withEdits, type Edit } from "./edits.ts";
import type { KeptEdit } from "./minimize.ts";
import type { SecretEdit } from "./pull-secrets.ts";
import type { Scene } from "./scene.ts";
import { writeValues } from "./write-values.ts";

/** Images or objects that one comment names; the proof has all. */
const MAX_NAMED = 12;

/** Values that move images, and those that give workloads the secret. */
export interface FoundEdits {
  readonly moving: readonly KeptEdit[];
  readonly serving: readonly SecretEdit[];
}

/** A value, and what is said of it. */
interface Remarked extends Edit {
  readonly moves: readonly string[];
  readonly pins: readonly string[];
  readonly serves: readonly string[];
}

/** The values as the text of a file, each with the images that it moves. */
export function writeEdits(
  { moving, serving }: FoundEdits,
  scenes: readonly Scene[],
  chart: Chart,
): string {
  const edits: readonly Remarked[] = [
    ...moving.map((edit) => ({ ...edit, serves: [] })),
    ...serving.map((edit) => ({ ...edit, moves: [], pins: [] })),
  ];
  const { name, version } = chart.metadata;
  const values = scenes.reduce<Dict>(
    (all, { composed }) => withEdits(all, edits.toSorted(byPath), composed),
    new Map(),
  );
  const head = [
    `Values with which ${name} ${version} pulls its images from the internal registry, on top of`,
    "your own. Written by dray repoint, each proven by rendering the chart; see the proof beside it.",
  ];
  const remarks = (path: ValuesPath): string[] => remarksFor(path, edits, scenes);
  return writeValues(values, head, remarks);
}

/** Global values first, then by name. */
function byPath({ path: a }: Edit, { path: b }: Edit): number {
  const global = Number(b[0] === "global") - Number(a[0] === "global");
  return global === 0 ? byCodePoint(a.join("\0"), b.join("\0")) : global;
}

/** Of a list what its items do, as it is set as a whole. */
function remarksFor(
  path: ValuesPath,
  edits: readonly Remarked[],
  scenes: readonly Scene[],
): string[] {
  const isWhole = (edit: Remarked): boolean =>
    edit.path.length === path.length || isInList(edit.path, path, scenes);
  const here = edits.filter((edit) => startsWith(edit.path, path) && isWhole(edit));
  if (here.length === 0) return [];
  const moved = here.flatMap(({ moves }) => moves).map((image) => `moves ${image}`);
  const pinned = here
    .flatMap(({ pins }) => pins)
    .map((image) => `${pinning(image, scenes)} ${image}`);
  const served = here.flatMap(({ serves }) => serves).map((object) => `gives ${object} the secret`);
  const all = [...new Set([...moved, ...pinned, ...served])].toSorted();
  if (all.length === 0) return ["without it the chart refuses images of other registries"];
  const left = all.length - MAX_NAMED;
  return [...all.slice(0, MAX_NAMED), ...(left > 0 ? [`and ${left} more`] : [])];
}

function pinning(image: string, scenes: readonly Scene[]): string {
  const goals = scenes.flatMap((scene) => [...scene.goals.values()]);
  const isPinned = goals.some((goal) => goal.image === image && goal.target.digest !== undefined);
  return isPinned ? "fixes the digest of" : "clears the digest of";
}

function isInList(inner: ValuesPath, outer: ValuesPath, scenes: readonly Scene[]): boolean {
  return scenes.some(({ composed }) => {
    let value: unknown = composed;
    for (const key of outer) value = value instanceof Map ? value.get(key) : undefined;
    return inner.length > outer.length && Array.isArray(value);
  });
}
