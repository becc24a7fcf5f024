import type { Value } from "../helm/template/value.ts";
import { lookUp, startsWith, type ValuesPath } from "../helm/values/path.ts";
import { isCalledPart, type Leaf } from "./leaves.ts";
import type { Setting } from "./noted-settings.ts";
import { wordsIn } from "./reached-templates.ts";
import type { Scene } from "./scene.ts";

/** Tables inside one another that are looked for: `global.images.registry` has two. */
const MAX_DEPTH = 2;

/** Settings of one file that may be tables. */
const MAX_PROBED = 16;

/** Keys that are tried, in all tables of one file together. */
const MAX_KEYS = 60;

/**
 * Keys for names of images that no values have and only a template of `file` knows: below a table that
 * is not there (`.Values.image | default dict`), and in tables that a template merges with its own.
 */
export function absentLeaves(scene: Scene, file: string): Leaf[] {
  const settings = withProbed(scene, file);
  const read = settings
    .filter(({ value }) => value === null)
    .map(({ path }) => ({ path, text: "", isRead: true, isAbsent: true }));
  const known = new Set(read.map(({ path }) => path.join("\0")));
  const spoken = spokenKeys(scene, file, settings)
    .filter((path) => !known.has(path.join("\0")))
    .map((path) => ({ path, text: "", isRead: true }));
  return [...read, ...spoken];
}

/** What `file` looks at for names, and would look at if what is not there were a table. */
function withProbed(scene: Scene, file: string): Setting[] {
  const found = new Map(scene.settingsOf(file).map((one) => [one.path.join("\0"), one]));
  let fresh: readonly Setting[] = [...found.values()];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const tables = fresh.filter(({ value }) => isNothing(value)).slice(0, MAX_PROBED);
    fresh = tables.flatMap(({ path }) =>
      scene
        .settingsWithTable(path, file)
        .filter((one) => startsWith(one.path, path) && one.path.length > path.length)
        .filter((one) => !found.has(one.path.join("\0"))),
    );
    for (const one of fresh) found.set(one.path.join("\0"), one);
  }
  return [...found.values()];
}

function isNothing(value: Value): boolean {
  return value === null || (value instanceof Map && value.size === 0);
}

/** Keys that a template speaks of, in each table that it was seen to look into. */
function spokenKeys(scene: Scene, file: string, settings: readonly Setting[]): ValuesPath[] {
  const words = wordsIn(scene.reachedTexts(file)).filter((word) => isCalledPart([word]));
  const above = settings.map(({ path, value }) => (isNothing(value) ? path : path.slice(0, -1)));
  const tables = [...new Map(above.map((path) => [path.join("\0"), path])).values()];
  return tables
    .toSorted((a, b) => b.length - a.length)
    .filter((path) => isNothing(tableAt(scene, path)) || tableAt(scene, path) instanceof Map)
    .flatMap((path) => words.map((word) => [...path, word]))
    .filter((path) => lookUp(scene.composed, path) === undefined)
    .slice(0, MAX_KEYS);
}

function tableAt({ composed }: Scene, path: ValuesPath): Value {
  return lookUp(composed, path) ?? null;
}
