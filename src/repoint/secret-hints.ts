import { isList, type Value } from "../helm/template/value.ts";
import { lookUp, startsWith, type ValuesPath } from "../helm/values/path.ts";
import type { Setting } from "./noted-settings.ts";
import { wordsIn } from "./reached-templates.ts";
import type { Scene } from "./scene.ts";
import { isCalledPullSecret } from "./secret-settings.ts";

/** Tables inside one another that are looked for: `global.pod.imagePullSecrets` has two. */
const MAX_DEPTH = 2;

/** Settings that may be tables. */
const MAX_PROBED = 16;

/** Settings that are tried. */
const MAX_HINTS = 60;

/**
 * Settings that may give the secret to what `files` print, whatever they are called: what a template
 * looks at where it prints a list of secrets, keys below a table that is not there, and keys in tables
 * that a template merges with its own or prints as the specification of a pod.
 */
export function hintedSecrets(scene: Scene, files: readonly string[]): ValuesPath[] {
  const hints = withProbed(scene, new Set(files));
  const empty = hints.filter(({ path }) => isEmpty(lookUp(scene.composed, path)));
  const words = [...new Set(files.flatMap((file) => wordsIn(scene.reachedTexts(file))))];
  const spoken = words.filter((word) => isCalledPullSecret([word]));
  const tables = hints.filter(({ path }) => lookUp(scene.composed, path) instanceof Map);
  const all = [
    ...empty.map(({ path }) => path),
    ...tables.flatMap(({ path }) => spoken.map((word) => [...path, word])),
    ...podSpecsIn(scene.composed).map((path) => [...path, "imagePullSecrets"]),
  ];
  const distinct = [...new Map(all.map((path) => [path.join("\0"), path])).values()];
  return distinct.filter((path) => isEmpty(lookUp(scene.composed, path))).slice(0, MAX_HINTS);
}

/** What files look at for lists of secrets, and would look at if what is not there were a table. */
function withProbed(scene: Scene, files: ReadonlySet<string>): Setting[] {
  const found = new Map<string, Setting>();
  const add = (settings: readonly Setting[]): Setting[] => {
    const fresh = settings.filter(({ path }) => !found.has(path.join("\0")));
    for (const one of fresh) found.set(one.path.join("\0"), one);
    return fresh;
  };
  let fresh = add(scene.secretHints(files));
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const tables = fresh.filter(({ path }) => isNoTable(lookUp(scene.composed, path)));
    fresh = tables.slice(0, MAX_PROBED).flatMap(({ path }) => {
      const seen = scene.secretHints(files, path);
      return add(seen.filter((one) => startsWith(one.path, path)));
    });
  }
  return [...found.values()];
}

function isNoTable(value: Value | undefined): boolean {
  return value === undefined || value === null || (value instanceof Map && value.size === 0);
}

function isEmpty(value: Value | undefined): boolean {
  return isNoTable(value) || value === "" || (isList(value) && value.length === 0);
}

/** Paths of the tables that are the specification of a pod. */
function podSpecsIn(values: Value): ValuesPath[] {
  const found: ValuesPath[] = [];
  const walk = (value: Value, path: ValuesPath): void => {
    if (!(value instanceof Map)) return;
    if (isList(value.get("containers"))) found.push(path);
    for (const [key, item] of value) walk(item, [...path, key]);
  };
  walk(values, []);
  return found;
}
