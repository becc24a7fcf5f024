import type { ValuesPath } from "../helm/values/path.ts";

/**
 * A path, behind the one that users are to set in its place: some charts keep what their templates
 * merge the user's values into under a key that begins with `_`.
 */
export function publicFirst(path: ValuesPath): ValuesPath[] {
  const open = path.filter((key) => !key.startsWith("_"));
  return open.length === path.length || open.length === 0 ? [path] : [open, path];
}
