import type { Chart } from "../chart/chart.ts";
import { append } from "../content/append.ts";
import { TemplateParser, templateSet, type TemplateSet } from "../helm/render/template-set.ts";
import type { Override } from "../helm/render/values-tree.ts";
import { deepEqual, isList, type Dict, type Value } from "../helm/template/value.ts";
import { composeChart, type Instance } from "../helm/values/compose.ts";
import type { ValuesPath } from "../helm/values/path.ts";

/** What a chart is rendered as: these values, on this cluster. */
export interface Installation {
  readonly values: Dict;
  /** APIs that the cluster has beside those that the user speaks of. */
  readonly apis: readonly string[];
}

/** A chart with values and its templates, ready to be rendered. */
export interface Composed {
  readonly root: Instance;
  readonly set: TemplateSet;
  readonly apis: readonly string[];
  /** Whose tables are rendered, with `overrides`: what was printed from them before may count again. */
  readonly on: Instance;
  readonly overrides: readonly Override[];
}

/**
 * Puts one chart together with values, again and again. Where the same charts are switched on as the
 * first time, the tables of the first time are used, and what differs is laid over them.
 */
export class Composer {
  readonly #chart: Chart;
  readonly parser = new TemplateParser();
  readonly #known = new WeakMap<Installation, Composed>();
  #first: Composed | undefined;

  constructor(chart: Chart) {
    this.#chart = chart;
  }

  compose(installation: Installation): Composed {
    const known = this.#known.get(installation) ?? this.#made(installation);
    this.#known.set(installation, known);
    this.#first ??= known;
    return known;
  }

  #made({ values, apis }: Installation): Composed {
    const root = composeChart(this.#chart, values);
    const first = this.#first;
    const overrides =
      first !== undefined && areAlike(first.root, root)
        ? differences(first.root.values, root.values, [])
        : undefined;
    if (first !== undefined && overrides !== undefined) {
      return { root, set: first.set, apis, on: first.on, overrides };
    }
    return { root, set: templateSet(root, this.parser), apis, on: root, overrides: [] };
  }
}

/** True if the same charts are switched on in the same places. */
function areAlike(one: Instance, other: Instance): boolean {
  return (
    one.chart === other.chart &&
    one.source === other.source &&
    one.children.length === other.children.length &&
    one.children.every((child, at) => {
      const its = other.children[at];
      return its !== undefined && child.name === its.name && areAlike(child, its);
    })
  );
}

/**
 * What makes the values `before` those of `after`. Undefined where something is gone, and where a table
 * is new: an override does not say where each entry of one stands.
 */
function differences(before: Dict, after: Dict, above: ValuesPath): Override[] | undefined {
  const found: Override[] = [];
  if ([...before.keys()].some((key) => !after.has(key))) return undefined;
  for (const [key, value] of after) {
    const was = before.get(key);
    const path = [...above, key];
    if (was === value && before.has(key)) continue;
    if (was instanceof Map && value instanceof Map) {
      const inner = differences(was, value, path);
      if (inner === undefined) return undefined;
      append(found, inner);
    } else if (was === undefined || !deepEqual(was, value, () => undefined)) {
      if (holdsTable(value)) return undefined;
      found.push({ path, value });
    }
  }
  return found;
}

function holdsTable(value: Value): boolean {
  return value instanceof Map || (isList(value) && value.some(holdsTable));
}
