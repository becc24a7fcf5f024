import { shownPath, textOf, type Chart } from "../chart/chart.ts";
import { lineKey, valueLines } from "../yaml/lines.ts";
import { lookUp, type ValuesPath } from "../helm/values/path.ts";

/** A chart on the way down to a subchart, with where its values begin. */
export interface Ancestor {
  readonly chart: Chart;
  readonly path: ValuesPath;
}

/** Finds the file and line that a value comes from. */
export class ValuePlaces {
  readonly #lines = new Map<Chart, ReadonlyMap<string, number>>();

  /**
   * The place of the value at `path`, counted from the top. `ancestors` begin with the chart asked
   * for: what a parent says counts before what a subchart says itself.
   */
  find(
    path: ValuesPath,
    ancestors: readonly Ancestor[],
  ): { file: string; line: number } | undefined {
    for (const { chart, path: start } of ancestors) {
      const own = path.slice(start.length);
      if (own.length === 0 || lookUp(chart.values, own) === undefined) continue;
      return { file: shownPath(chart, "values.yaml"), line: this.#lineOf(chart, own) };
    }
    return undefined;
  }

  /** What is written on one line with others stands where the first of them does. */
  #lineOf(chart: Chart, path: ValuesPath): number {
    for (let length = path.length; length > 0; length--) {
      const line = this.#linesOf(chart).get(lineKey(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  }

  #linesOf(chart: Chart): ReadonlyMap<string, number> {
    const lines = this.#lines.get(chart) ?? valueLines(textOf(chart, "values.yaml"));
    this.#lines.set(chart, lines);
    return lines;
  }
}
