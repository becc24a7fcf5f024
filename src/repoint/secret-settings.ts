import { isList, type Dict, type Value } from "../helm/template/value.ts";
import type { ValuesPath } from "../helm/values/path.ts";

/** `imagePullSecrets`, `image-pull-secrets`, `image.pullSecrets`, `pullSecretName`, `registrySecret`. */
const PULL_SECRETS = /(?:pull|registry|docker|image)[-_]?secrets?(?:[-_]?names?|[-_]?refs?)?$/i;

/** True for a setting that is called as if it named secrets for pulling. */
export function isCalledPullSecret(path: ValuesPath): boolean {
  return PULL_SECRETS.test(path.at(-1) ?? "");
}

/** Paths of all such settings among `values`. */
export function pullSecretsIn(values: Dict): ValuesPath[] {
  const found: ValuesPath[] = [];
  const walk = (table: Dict, above: ValuesPath): void => {
    for (const [key, value] of table) {
      const path = [...above, key];
      // A table of this name switches a secret on that the chart makes itself.
      const isTable = value instanceof Map && value.size > 0;
      if (isCalledPullSecret(path) && !isTable) found.push(path);
      // Globals of a subchart are set at the top.
      if (value instanceof Map && !(above.length > 0 && key === "global")) walk(value, path);
    }
  };
  walk(values, []);
  return found;
}

/** `.image.pullSecrets`, as templates write it. */
const SPOKEN = /\.([A-Za-z]\w*)\.(\w+)/g;

/**
 * Paths of such settings that only templates speak of: a key `pullSecrets` in every table `image`. What
 * a template puts together anew leaves no trace of where it has it from.
 */
export function spokenSecrets(templates: readonly string[], values: Dict): ValuesPath[] {
  const keys = new Map<string, Set<string>>();
  for (const text of templates) {
    for (const [, above = "", key = ""] of text.matchAll(SPOKEN)) {
      if (above === "Values" || !isCalledPullSecret([key])) continue;
      keys.set(above, (keys.get(above) ?? new Set()).add(key));
    }
  }
  const found: ValuesPath[] = [];
  const walk = (table: Dict, path: ValuesPath): void => {
    const wanted = [...(keys.get(path.at(-1) ?? "") ?? [])].filter((key) => !table.has(key));
    for (const key of wanted) found.push([...path, key]);
    for (const [key, value] of table) {
      if (value instanceof Map && key !== "global") walk(value, [...path, key]);
    }
  };
  walk(values, []);
  return found;
}

/** What such a setting may want to hold: its own shape where it has one, and what it has already. */
export function secretForms(now: Value | undefined, name: string): Value[] {
  const table: Dict = new Map([["name", name]]);
  const before = isList(now) ? now : [];
  if (typeof now === "string" && now !== "") return [name];
  if (before.some((one) => typeof one === "string")) return [[...before, name]];
  const lists: Value[] = [
    [...before, table],
    [...before, name],
  ];
  if (typeof now === "string") return [name, ...lists];
  if (now instanceof Map) return [...lists, name, table];
  return isList(now) ? lists : [...lists, name];
}
