import type { ChartDependency } from "../../chart/chart-yaml.ts";
import { satisfies, type Chart } from "../../chart/chart.ts";
import { copyDict, type Dict, type Value } from "../template/value.ts";
import { coalesceValues, mergeTables, type ChartNode } from "./coalesce.ts";
import { mismatch, NoTable } from "./no-table.ts";
import { lookUp, nested, type ValuesPath } from "./path.ts";

/** A chart in the place where it is used: a subchart with two aliases is there twice. */
export interface Instance {
  readonly chart: Chart;
  /** The alias or the chart's name. */
  readonly name: string;
  /** Where its values stand in those of the chart asked for. */
  readonly path: ValuesPath;
  /** As Helm names it in `# Source:`, `kube-prometheus-stack/charts/grafana`. */
  readonly source: string;
  readonly values: Dict;
  /** Subcharts that are switched on. */
  readonly children: readonly Instance[];
  /** What it depends on and is switched on, by the names that count after aliases. */
  readonly dependencies: readonly NamedDependency[];
  readonly disabled: readonly DisabledSubchart[];
  /** Dependencies that are switched on, and that the chart does not hold. */
  readonly missing: readonly ChartDependency[];
}

export interface NamedDependency {
  readonly name: string;
  readonly asked: ChartDependency;
}

/** A subchart that these values leave out. */
export interface DisabledSubchart {
  readonly chart: Chart;
  readonly path: ValuesPath;
  /** The setting, in the values of the chart asked for, that brings it in. */
  readonly switch: { readonly path: ValuesPath; readonly value: Value };
}

/**
 * Puts a chart and its subcharts together with `given` on top of their own values.
 * https://github.com/helm/helm/blob/v3.19.0/pkg/chartutil/dependencies.go
 *
 * @throws DrayError `DRAY_VALUES_INVALID` if something else than a table stands under the name of a subchart
 */
export function composeChart(chart: Chart, given: Dict): Instance {
  const root = makeNode(chart, chart.metadata.name, []);
  try {
    chooseSubcharts(root, given, "");
    importValues(root);
    const values = coalesceValues(root, given);
    return toInstance(root, values, chart.metadata.name);
  } catch (error) {
    throw error instanceof NoTable ? mismatch(error, given, allNodes(root)) : error;
  }
}

interface Node extends ChartNode {
  readonly chart: Chart;
  readonly path: ValuesPath;
  children: Node[];
  dependencies: readonly NamedDependency[];
  disabled: DisabledSubchart[];
  missing: ChartDependency[];
}

function makeNode(chart: Chart, name: string, path: ValuesPath): Node {
  const nothing = { children: [], dependencies: [], disabled: [], missing: [] };
  return { chart, name, path, values: chart.values, ...nothing };
}

function allNodes(node: Node): Node[] {
  return [node, ...node.children.flatMap(allNodes)];
}

function chooseSubcharts(node: Node, given: Dict, prefix: string): void {
  const { chart } = node;
  const child = (subchart: Chart, name: string): Node =>
    makeNode(subchart, name, [...node.path, name]);
  const listed = chart.dependencies.map((asked) => ({ asked, name: asked.alias ?? asked.name }));
  const unlisted = chart.subcharts.filter(
    (one) => !chart.dependencies.some((dep) => satisfies(one, dep)),
  );
  const candidates = listed.flatMap((dependency) => {
    const found = chart.subcharts.find((one) => satisfies(one, dependency.asked));
    return found === undefined ? [] : [{ dependency, node: child(found, dependency.name) }];
  });
  node.children = [
    ...unlisted.map((one) => child(one, one.metadata.name)),
    ...candidates.map((one) => one.node),
  ];
  if (listed.length === 0 && unlisted.length === 0) return;
  const values = coalesceValues(node, given);
  const off = new Set<string>();
  for (const { asked, name } of listed) {
    const isOn = isEnabled(asked, values, prefix);
    if (chart.missing.includes(asked) && isOn) node.missing.push(asked);
    if (isOn) continue;
    off.add(name);
    // By its name alone: one of another version than asked is left out with it.
    const left = node.children.filter((one) => one.name === name);
    node.children = node.children.filter((one) => one.name !== name);
    for (const one of left) {
      const toggle = switchFor(asked, values, prefix);
      node.disabled.push({ chart: one.chart, path: one.path, switch: toggle });
    }
  }
  node.dependencies = listed.filter(({ name }) => !off.has(name));
  for (const one of node.children) chooseSubcharts(one, values, `${prefix}${one.name}.`);
}

/** The first condition that is a boolean decides; without one the tags do. */
function isEnabled(dependency: ChartDependency, values: Dict, prefix: string): boolean {
  for (const condition of conditionsOf(dependency)) {
    const found = lookUp(values, `${prefix}${condition}`.split("."));
    if (typeof found === "boolean") return found;
  }
  const tags = values.get("tags");
  if (!(tags instanceof Map)) return true;
  const states = (dependency.tags ?? []).map((tag) => tags.get(tag));
  return states.includes(true) || !states.includes(false);
}

function conditionsOf(dependency: ChartDependency): string[] {
  return (dependency.condition ?? "")
    .trim()
    .split(",")
    .filter((one) => one !== "");
}

function switchFor(
  dependency: ChartDependency,
  values: Dict,
  prefix: string,
): DisabledSubchart["switch"] {
  const conditions = conditionsOf(dependency).map((one) => `${prefix}${one}`.split("."));
  const set = conditions.find((path) => typeof lookUp(values, path) === "boolean");
  const path = set ?? ["tags", dependency.tags?.[0] ?? dependency.name];
  return { path, value: true };
}

/** Deepest first, so that what a grandchild exports travels up. */
function importValues(node: Node): void {
  for (const child of node.children) importValues(child);
  const imports = node.dependencies.flatMap(({ name, asked }) =>
    importsOf(asked).map((one) => ({ ...one, name })),
  );
  if (node.dependencies.length === 0) return;
  const values = coalesceValues(node, new Map(), true);
  const imported: Dict = new Map();
  for (const { name, child, parent } of imports) {
    const found = lookUp(values, [name, ...child.split(".")]);
    if (!(found instanceof Map)) continue;
    const table = copyDict(found);
    mergeTables(imported, parent === "." ? table : nested(parent.split("."), table), true);
  }
  node.values = mergeTables(values, imported, true);
}

/** `import-values`: a name below `exports`, or a pair of tables. */
export function importsOf(dependency: ChartDependency): { child: string; parent: string }[] {
  const listed = dependency["import-values"];
  if (!Array.isArray(listed)) return [];
  return (listed as unknown[]).flatMap((entry) => {
    if (typeof entry === "string") return [{ child: `exports.${entry}`, parent: "." }];
    const { child, parent } = (entry ?? {}) as { child?: unknown; parent?: unknown };
    return typeof child === "string" && typeof parent === "string" ? [{ child, parent }] : [];
  });
}

function toInstance(node: Node, values: Dict, source: string): Instance {
  const { chart, name, path, dependencies, disabled, missing } = node;
  const children = node.children.map((child) => {
    const own = values.get(child.name);
    return toInstance(
      child,
      own instanceof Map ? own : new Map(),
      `${source}/charts/${child.name}`,
    );
  });
  return { chart, name, path, source, values, children, dependencies, disabled, missing };
}

/** `instance` and all below it that are switched on. */
export function allInstances(instance: Instance): Instance[] {
  return [instance, ...instance.children.flatMap(allInstances)];
}
