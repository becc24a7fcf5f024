import { copyDict, type Dict, type Value } from "../template/value.ts";
import { NoTable } from "./no-table.ts";
import type { ValuesPath } from "./path.ts";

/**
 * Helm's way of laying the values of a parent over those of its subcharts.
 * https://github.com/helm/helm/blob/v3.19.0/pkg/chartutil/coalesce.go
 */
export interface ChartNode {
  /** The name its values stand under in the parent: the alias, or the chart's own name. */
  readonly name: string;
  /** Where they stand in those of the chart asked for. */
  readonly path: ValuesPath;
  values: Dict;
  children: ChartNode[];
}

const GLOBAL = "global";

/**
 * The values of `node` and all below it with `given` on top. `merge` keeps nulls, which otherwise
 * take a default away.
 * @throws NoTable if something else stands under the name of a subchart
 */
export function coalesceValues(node: ChartNode, given: Dict, merge = false): Dict {
  return coalesce(node, copyDict(given), merge);
}

function coalesce(node: ChartNode, target: Dict, merge: boolean): Dict {
  addDefaults(node, target, merge);
  for (const child of node.children) {
    const values = target.has(child.name) ? (target.get(child.name) ?? null) : new Map();
    if (!(values instanceof Map)) throw new NoTable(child.path, values);
    target.set(child.name, values);
    addGlobals(values, target);
    coalesce(child, values, merge);
  }
  return target;
}

function addDefaults(node: ChartNode, target: Dict, merge: boolean): void {
  for (const [key, value] of copyDict(node.values)) {
    const there = target.get(key) ?? null;
    if (!target.has(key)) {
      target.set(key, value);
    } else if (there === null && !merge) {
      target.delete(key);
    } else if (there instanceof Map && value instanceof Map) {
      const isChild = node.children.some((child) => child.name === key);
      mergeTables(there, value, merge || isChild);
    }
  }
}

function addGlobals(target: Dict, source: Dict): void {
  const own: Value | undefined = target.has(GLOBAL) ? target.get(GLOBAL) : new Map();
  const given: Value | undefined = source.has(GLOBAL) ? source.get(GLOBAL) : new Map();
  if (!(own instanceof Map) || !(given instanceof Map)) return;
  for (const [key, value] of given) {
    const there = own.get(key) ?? null;
    if (value instanceof Map) {
      if (own.has(key) && !(there instanceof Map)) continue;
      const copy: Dict = new Map(value);
      if (there instanceof Map) mergeTables(copy, there, true);
      own.set(key, copy);
    } else if (!(there instanceof Map)) {
      own.set(key, value);
    }
  }
  target.set(GLOBAL, own);
}

/** Fills `target` from `source`; what `target` has stays, but for nulls: without `merge` their keys go. */
export function mergeTables(target: Dict, source: Dict, merge: boolean): Dict {
  const nulls = new Set<string>();
  if (!merge) for (const [key, there] of target) if (there === null) nulls.add(key);
  for (const key of nulls) target.delete(key);
  for (const [key, value] of source) {
    const there = target.get(key);
    if (there instanceof Map && value instanceof Map) mergeTables(there, value, merge);
    else if (!target.has(key) && !nulls.has(key)) target.set(key, value);
  }
  return target;
}
