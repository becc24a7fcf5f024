import { shownPath, type Chart } from "../../chart/chart.ts";
import { DrayError } from "../../errors.ts";
import { isList, type Dict, type Value } from "../template/value.ts";
import { giverOf, isNoTable } from "./givers.ts";
import { formatPath, lookUp, startsWith, type ValuesPath } from "./path.ts";

/** Something else than a table stands under the name of a subchart. */
export class NoTable extends Error {
  readonly path: ValuesPath;
  readonly value: Value;

  /** `path` is that of the subchart's values in those of the chart asked for. */
  constructor(path: ValuesPath, value: Value) {
    super(formatPath(path));
    this.path = path;
    this.value = value;
  }
}

/** A chart in its place, whose own values may be what is wrong. */
interface Placed {
  readonly chart: Chart;
  readonly path: ValuesPath;
}

/** Helm's `type mismatch`, with who says so: a file or flag of the user, or a chart's own values. */
export function mismatch(
  { path, value }: NoTable,
  given: Dict,
  charts: readonly Placed[],
): DrayError {
  const user = giverOf(given, path);
  const where = user ?? sayingChart(path, charts) ?? "the values of a chart above it";
  const [key, name] = [formatPath(path), path.at(-1) ?? ""];
  return new DrayError(
    "DRAY_VALUES_INVALID",
    `Cannot put the values together: ${key} is ${inWords(value)} in ${where}, expected a table: it holds the settings of the chart ${JSON.stringify(name)}`,
    {
      kind: user === undefined ? "refused" : "usage",
      hint: `Write its settings below it (${key}: {…}) or leave it out. A condition or tag of the dependency switches the chart off.`,
    },
  );
}

/** What it is and not what it says, which may be a secret. */
function inWords(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return "a text";
  if (typeof value === "boolean") return "true or false";
  return isList(value) ? "a list" : "a number";
}

/** The nearest of the charts above that has the key in its own values. */
function sayingChart(path: ValuesPath, charts: readonly Placed[]): string | undefined {
  const above = charts.filter((one) => one.path.length < path.length && startsWith(path, one.path));
  // Helm takes the values of the chart above for those of a chart that is switched on or off.
  const saying = above.findLast(({ chart, path: { length } }) =>
    [path.slice(length), path.slice(-1)].some((key) => isNoTable(lookUp(chart.values, key))),
  );
  return saying && JSON.stringify(shownPath(saying.chart, "values.yaml"));
}
