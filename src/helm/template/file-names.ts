import type { Value } from "./value.ts";

/** What a pattern has beside plain characters. */
const WILD = /[*?[{\\]/;

/**
 * What other paths have where `path` (or a pattern) has `part`: `dev` and `prod` for `prod` of
 * `files/prod/*.yaml` where there is `files/dev/a.yaml`. Nothing where it is no part of it.
 */
export function partsInPlaceOf(part: Value, path: string, paths: Iterable<string>): string[] {
  if (typeof part !== "string" || part === "") return [];
  const at = path.indexOf(part);
  if (at === -1) return [];
  const before = path.slice(0, at);
  const after = path.slice(at + part.length);
  if (WILD.test(before)) return [];
  const end = after.search(WILD);
  const parts = [...paths]
    .filter((one) => one.startsWith(before))
    .map((one) => one.slice(before.length))
    .map((rest) => (end === -1 ? whole(rest, after) : beginning(rest, after.slice(0, end))));
  return [...new Set(parts.filter((one) => one !== ""))];
}

/** Nothing where the rest of a path ends in another way. */
function whole(rest: string, after: string): string {
  return rest.endsWith(after) ? rest.slice(0, rest.length - after.length) : "";
}

function beginning(rest: string, before: string): string {
  return before === "" ? "" : rest.slice(0, Math.max(0, rest.indexOf(before)));
}
