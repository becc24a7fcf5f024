import type { Chart } from "../../chart/chart.ts";
import type { IsNotable, Template } from "../template/ast.ts";
import type { Budget } from "../template/budget.ts";
import { Evaluation, type Printed } from "../template/evaluate.ts";
import { FUNCTIONS } from "../template/functions/functions.ts";
import { KnownRuns, RunsMemory } from "../template/known-runs.ts";
import { markShared } from "../template/origins.ts";
import type { Problem } from "../template/problem.ts";
import type { Watcher } from "../template/watcher.ts";
import type { Dict } from "../template/value.ts";
import type { Instance } from "../values/compose.ts";
import { chartFiles, type Release } from "./built-in-objects.ts";
import type { Cluster } from "./capabilities.ts";
import { Contexts } from "./contexts.ts";
import type { TemplateFile, TemplateSet } from "./template-set.ts";
import { ValuesTree, type Override } from "./values-tree.ts";

/** What one rendering of a chart can use again from those before. */
export class RenderSession {
  /** Texts that `tpl` has parsed. */
  readonly texts = new Map<string, Template>();
  readonly isNotable: IsNotable | undefined;
  /** Files that change values for the others, whatever they print; they run every time. */
  readonly preparing = new Set<string>();
  readonly #files = new Map<Chart, Dict>();
  readonly #charts = new WeakMap<Instance, RenderedChart>();
  readonly memory = new RunsMemory();

  constructor(isNotable?: IsNotable) {
    this.isNotable = isNotable;
  }

  /** A session for a watcher of one rendering: what it keeps is of no use to others. */
  apart(): RenderSession {
    const session = new RenderSession(this.isNotable);
    for (const name of this.preparing) session.preparing.add(name);
    return session;
  }

  filesOf(chart: Chart): Dict {
    const known = this.#files.get(chart);
    if (known !== undefined) return known;
    const files = chartFiles(chart);
    markShared(files);
    this.#files.set(chart, files);
    return files;
  }

  /** The chart asked for with its values; they are those of one set of templates. */
  chartOf(root: Instance): RenderedChart {
    const chart = this.#charts.get(root) ?? new RenderedChart(root, this);
    this.#charts.set(root, chart);
    return chart;
  }
}

/** A chart with values that is rendered again and again. */
class RenderedChart {
  readonly tree: ValuesTree;
  readonly contexts: Contexts;
  readonly #memory: RunsMemory;
  readonly #runs: KnownRuns<RenderedFile>;
  readonly #watched = new WeakMap<object, Map<string, KnownRuns<RenderedFile>>>();

  constructor(root: Instance, session: RenderSession) {
    this.#memory = session.memory;
    this.#runs = new KnownRuns(session.memory);
    this.tree = new ValuesTree(root);
    this.contexts = new Contexts(this.tree, (chart) => session.filesOf(chart));
  }

  /** A watcher wants to see each run once, in each file. */
  runsFor({ name }: TemplateFile, watcher: RenderOptions["watcher"]): KnownRuns<RenderedFile> {
    if (watcher === undefined) return this.#runs;
    const byFile = this.#watched.get(watcher) ?? new Map<string, KnownRuns<RenderedFile>>();
    this.#watched.set(watcher, byFile);
    const runs = byFile.get(name) ?? new KnownRuns<RenderedFile>(this.#memory);
    byFile.set(name, runs);
    return runs;
  }
}

export interface RenderOptions {
  readonly budget: Budget;
  readonly cluster: Cluster;
  readonly release: Release;
  readonly session: RenderSession;
  readonly overrides?: readonly Override[];
  readonly watcher?: ((file: TemplateFile) => Watcher) | undefined;
}

export interface RenderedFile extends Printed {
  readonly file: TemplateFile;
  readonly problems: readonly Problem[];
}

/**
 * Renders files of a chart as `helm template` does, in Helm's order and over one common set of
 * values: what a template changes in them, later ones see.
 */
export function renderFiles(
  root: Instance,
  set: TemplateSet,
  options: RenderOptions & { readonly only?: ReadonlySet<string> },
): RenderedFile[] {
  const { only, session } = options;
  const runs = ({ name }: TemplateFile): boolean =>
    only?.has(name) !== false || session.preparing.has(name);
  const running = set.files.filter(runs);
  // What runs for others only has nobody to run for at the end.
  const end = running.findLastIndex(({ name }) => only?.has(name) !== false) + 1;
  const files = running.slice(0, end);
  const wanted = only === undefined ? [root] : files.map(({ instance }) => instance);
  const chart = session.chartOf(root);
  const { tree, contexts } = chart;
  try {
    for (const override of options.overrides ?? []) tree.override(override);
    contexts.prepare(wanted, options);
    const rendered = files.map((file) => {
      // Who runs for others only has been watched where it was wanted itself.
      const watcher = only?.has(file.name) === false ? undefined : options.watcher;
      const known = chart.runsFor(file, watcher);
      const data = contexts.forFile(file);
      return renderFile(file, set, { ...options, watcher, data, known, onChange: tree.keep });
    });
    for (const { file, changesShared } of rendered) {
      if (changesShared) session.preparing.add(file.name);
    }
    return rendered.filter(({ file }) => only?.has(file.name) !== false);
  } finally {
    tree.restore();
  }
}

/** What cannot be evaluated in one file; more of it says no more. */
const MAX_PROBLEMS = 200;

function renderFile(
  file: TemplateFile,
  set: TemplateSet,
  options: RenderOptions & {
    readonly data: Dict;
    readonly known: KnownRuns<RenderedFile>;
    readonly onChange: (dict: Dict) => void;
  },
): RenderedFile {
  const problems = new Map<string, Problem>();
  const evaluation = new Evaluation({
    defines: set.defines,
    functions: FUNCTIONS,
    budget: options.budget,
    texts: options.session.texts,
    isNotable: options.session.isNotable,
    known: options.known,
    watcher: options.watcher?.(file),
    onChange: options.onChange,
    onProblem: (problem) => {
      if (problems.size >= MAX_PROBLEMS) return;
      problems.set(`${problem.file}:${problem.line}:${problem.reason}`, problem);
    },
  });
  return options.known.printFile(file, evaluation, () => {
    const printed = evaluation.run(file.template, options.data);
    return { file, ...printed, problems: [...problems.values()] };
  });
}
