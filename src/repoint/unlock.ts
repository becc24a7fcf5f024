import type { Problem } from "../helm/template/problem.ts";
import type { Dict } from "../helm/template/value.ts";
import { lookUp } from "../helm/values/path.ts";
import type { Edit } from "./edits.ts";

/** `global.security.allowInsecureImages`, as a refusal names the setting that lifts it. */
const SETTING = /[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*){1,8}/g;

/** Settings that are tried. */
const MAX_NAMED = 8;

/** What to set where a chart refuses foreign images and says in its refusal how to allow them. */
export function unlockingEdits(problems: readonly Problem[], composed: Dict): Edit[] {
  const found = new Map<string, Edit>();
  for (const { reason, refused } of problems) {
    if (!refused) continue;
    for (const [named] of reason.matchAll(SETTING)) {
      const path = named.replace(/^Values\./, "").split(".");
      const value = lookUp(composed, path);
      const isSwitch = typeof value === "boolean" || (value === undefined && isCalledSwitch(path));
      if (isSwitch && found.size < MAX_NAMED) found.set(named, { path, value: value !== true });
    }
  }
  return [...found.values()];
}

function isCalledSwitch(path: readonly string[]): boolean {
  return /^(?:allow|skip|enable|disable|ignore)/i.test(path.at(-1) ?? "");
}
