import type { Lookups } from "./lookups.ts";
import type { Value } from "./value.ts";

/** Functions that hand on what they are given, or say themselves what they look up in it. */
const HAND_ON: ReadonlySet<string> = new Set(
  [
    "dict set unset list tuple include tpl required ternary chunk slice",
    "first last rest initial append push prepend reverse concat",
    "mustFirst mustLast mustRest mustInitial mustAppend mustPush mustPrepend mustReverse",
    "kindOf kindIs typeOf typeIs typeIsLike",
    "index get hasKey dig pluck keys values pick omit",
    "merge mustMerge mergeOverwrite mustMergeOverwrite",
  ].flatMap((names) => names.split(" ")),
);

/** Functions that ask of what they are given how many entries it has, or whether it has any. */
const COUNT: ReadonlySet<string> = new Set("default empty coalesce not all any len".split(" "));

/** Notes what a function may look up in its arguments: without more knowledge, everything. */
export function noteUse(name: string, args: readonly Value[], lookups: Lookups): void {
  for (const arg of args) {
    if (typeof arg !== "object" || arg === null || HAND_ON.has(name)) continue;
    if (COUNT.has(name)) lookups.counted(arg);
    else lookups.tookWhole(arg);
  }
}
