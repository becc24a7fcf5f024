import { templatesOf, textOf, type Chart } from "../chart/chart.ts";
import { renderFiles, RenderSession } from "../helm/render/render.ts";
import { TemplateParser, templateSet } from "../helm/render/template-set.ts";
import { Budget } from "../helm/template/budget.ts";
import { copyDict, type Dict, type Value } from "../helm/template/value.ts";
import { composeChart } from "../helm/values/compose.ts";
import { formatPath, lookUp, type ValuesPath } from "../helm/values/path.ts";
import type { DiscoverOptions } from "./discovery.ts";

/** Each costs a rendering. */
const MAX_TRIALS = 20;

/** Settings that are no part of any chart's own values. */
const COMMON: ReadonlySet<string> = new Set(["global", "tags"]);

/**
 * Settings of a user of which no template makes anything: the chart does not know them, no template
 * has their name in it, and without them the same is printed.
 */
export function unreadValues(chart: Chart, given: Dict, options: DiscoverOptions): string[] {
  if (given.size === 0) return [];
  const unknown = unknownIn(given, { chart, path: [], words: wordsOf(chart) });
  if (unknown.length === 0) return [];
  const trial = new Trial(chart, options);
  const whole = trial.print(given);
  return unknown
    .slice(0, MAX_TRIALS)
    .filter((path) => trial.print(without(given, path)) === whole)
    .map(formatPath);
}

interface Known {
  /** Whose values they are. */
  readonly chart: Chart;
  readonly path: ValuesPath;
  readonly words: ReadonlySet<string>;
}

function unknownIn(given: Dict, { chart, path, words }: Known): ValuesPath[] {
  return [...given].flatMap(([key, value]) => {
    const at = [...path, key];
    const names = chart.dependencies.map((one) => [one.alias ?? one.name, one.name]);
    const held = names.find(([name]) => name === key)?.[1] ?? key;
    const subchart = chart.subcharts.find(({ metadata }) => metadata.name === held);
    if (subchart !== undefined && value instanceof Map) {
      return unknownIn(value, { chart: subchart, path: at, words }).filter(isOwn);
    }
    if (COMMON.has(key) || names.some(([name]) => name === key)) return [];
    return unknownBelow(value, { at, defaults: chart.values, own: [key], words });
  });
}

function isOwn(path: ValuesPath): boolean {
  return !path.some((key) => COMMON.has(key));
}

interface Below {
  readonly at: ValuesPath;
  readonly defaults: Dict;
  /** Keys below `defaults`. */
  readonly own: ValuesPath;
  readonly words: ReadonlySet<string>;
}

function unknownBelow(value: Value, { at, defaults, own, words }: Below): ValuesPath[] {
  const there = lookUp(defaults, own);
  if (there === undefined) return words.has(own.at(-1) ?? "") ? [] : [at];
  // What is empty in the chart is for the user to fill.
  if (!(there instanceof Map && value instanceof Map) || there.size === 0) return [];
  return [...value].flatMap(([key, item]) =>
    unknownBelow(item, { at: [...at, key], defaults, own: [...own, key], words }),
  );
}

/** Every name that a template or a condition of the chart, or of one in it, has anywhere. */
function wordsOf(chart: Chart): ReadonlySet<string> {
  const files = [...templatesOf(chart), "Chart.yaml", "requirements.yaml"];
  const own = files.flatMap((path) => textOf(chart, path).match(/[\w-]+/g) ?? []);
  return new Set([...own, ...chart.subcharts.flatMap((one) => [...wordsOf(one)])]);
}

function without(given: Dict, path: ValuesPath): Dict {
  const copy = copyDict(given);
  const table = lookUp(copy, path.slice(0, -1));
  if (table instanceof Map) table.delete(path.at(-1) ?? "");
  return copy;
}

/** Prints a chart with one set of values after the other. */
class Trial {
  readonly #chart: Chart;
  readonly #options: DiscoverOptions;
  readonly #parser = new TemplateParser();

  constructor(chart: Chart, options: DiscoverOptions) {
    this.#chart = chart;
    this.#options = options;
  }

  print(given: Dict): string {
    const { limits, kubeVersion, apiVersions } = this.#options;
    const root = composeChart(this.#chart, given);
    const files = renderFiles(root, templateSet(root, this.#parser), {
      budget: new Budget(limits),
      cluster: { kubeVersion, apiVersions },
      release: this.#options,
      session: new RenderSession(),
    });
    return files.map(({ file, text }) => `${file.name}\n${text}`).join("\n");
  }
}
