import { shownPath, textOf, type Chart } from "../chart/chart.ts";
import { KeyPlaces } from "../yaml/places.ts";
import { lookUp, type ValuesPath } from "../helm/values/path.ts";

/** A chart on the way down to a subchart, with where its values begin. */
export interface Ancestor {
  readonly chart: Chart;
  readonly path: ValuesPath;
}

/** Finds the file and line that a value comes from. */
export class ValuePlaces {
  readonly #places = new Map<Chart, KeyPlaces>();

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
      const line = this.#placesOf(chart).find(own)?.line ?? 1;
      return { file: shownPath(chart, "values.yaml"), line };
    }
    return undefined;
  }

  #placesOf(chart: Chart): KeyPlaces {
    const places = this.#places.get(chart) ?? new KeyPlaces(textOf(chart, "values.yaml"));
    this.#places.set(chart, places);
    return places;
  }
}
