import { isList, copyDict, copyValue, type Dict, type Value } from "../helm/template/value.ts";
import { lookUp, setAt, type ValuesPath } from "../helm/values/path.ts";

/** A value that is set; an item of a list goes by its index. */
export interface Edit {
  readonly path: ValuesPath;
  readonly value: Value;
}

export function keyOf({ path }: Pick<Edit, "path">): string {
  return path.join("\0");
}

/**
 * `given` with `edits` on top. Helm replaces lists and does not merge them, so the list around a
 * changed item is taken over from `composed` as a whole.
 */
export function withEdits(given: Dict, edits: readonly Edit[], composed: Dict): Dict {
  const values = copyDict(given);
  for (const { path, value } of edits) {
    const list = listAround(path, composed);
    if (list !== undefined && !isList(lookUp(values, list))) {
      setAt(values, list, copyValue(lookUp(composed, list) ?? null));
    }
    setAt(values, path, value);
  }
  return values;
}

/** The path of the outermost list that `path` leads into. */
function listAround(path: ValuesPath, composed: Dict): ValuesPath | undefined {
  for (let length = 1; length < path.length; length++) {
    const above = path.slice(0, length);
    if (isList(lookUp(composed, above))) return above;
  }
  return undefined;
}

/** Later edits of one place count. */
export function joinEdits(before: readonly Edit[], more: readonly Edit[]): Edit[] {
  return [...new Map([...before, ...more].map((edit) => [keyOf(edit), edit])).values()];
}
