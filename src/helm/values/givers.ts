import type { Dict, Value } from "../template/value.ts";
import { lookUp, type ValuesPath } from "./path.ts";

/** Values from one place: a file, or a flag. */
export interface Layer {
  /** What errors call it: `"prod.yaml"`, `--set`. */
  readonly name: string;
  readonly values: Dict;
}

const layersOf = new WeakMap<Dict, readonly Layer[]>();

/** Remembers of what `values` were put together, the last layer winning. */
export function noteLayers(values: Dict, layers: readonly Layer[]): void {
  layersOf.set(values, layers);
}

/** Who gave what is no table at `path` of a user's values; undefined if there is none such. */
export function giverOf(values: Dict, path: ValuesPath): string | undefined {
  if (!isNoTable(lookUp(values, path))) return undefined;
  const layer = layersOf.get(values)?.findLast((one) => isNoTable(lookUp(one.values, path)));
  return layer?.name ?? "the values given";
}

export function isNoTable(value: Value | undefined): boolean {
  return value !== undefined && !(value instanceof Map);
}
