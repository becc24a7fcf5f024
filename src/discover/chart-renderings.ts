import { setImmediate } from "node:timers/promises";
import type { Chart } from "../chart/chart.ts";
import { DrayError } from "../errors.ts";
import { renderFiles, RenderSession, type RenderOptions } from "../helm/render/render.ts";
import {
  TemplateParser,
  templateSet,
  withNotes,
  type TemplateSet,
} from "../helm/render/template-set.ts";
import { Budget } from "../helm/template/budget.ts";
import type { Problem } from "../helm/template/problem.ts";
import { copyDict, type Dict } from "../helm/template/value.ts";
import {
  allInstances,
  composeChart,
  type DisabledSubchart,
  type Instance,
} from "../helm/values/compose.ts";
import type { ValuesSchemas } from "../helm/values/schema.ts";
import { formatPath, setAt, startsWith } from "../helm/values/path.ts";
import type { Visited } from "./add-values.ts";
import { Coverage } from "./branches.ts";
import type { Collector } from "./collector.ts";
import type { DiscoverOptions } from "./discovery.ts";
import { explore } from "./explore.ts";
import { Recorder } from "./recorder.ts";
import type { Rendered } from "./render-trial.ts";
import { reportProblems, reportUntried } from "./report-unknowns.ts";
import { formatSwitches, type Switch } from "./switches.ts";
import { addUndecided, addUnreached, addUnreachedChanges } from "./unreached.ts";
import { wantedIn } from "./wanted.ts";

/** Disabled subcharts of disabled subcharts. */
const MAX_DEPTH = 4;

/**
 * Steps that looking for optional images may take beside the first rendering: some seconds of work.
 * Of five hundred charts one takes more.
 */
const EXPLORE_STEPS = 2_000_000;

export interface RenderingsOptions {
  readonly collector: Collector;
  readonly options: DiscoverOptions;
  readonly schemas: ValuesSchemas;
}

/** Renders a chart with one set of values, and again with what they switch off. */
export class ChartRenderings {
  readonly #chart: Chart;
  readonly #given: Dict;
  readonly #collector: Collector;
  readonly #schemas: ValuesSchemas;
  readonly #recorder: Recorder;
  readonly #options: RenderOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #parser: TemplateParser;
  readonly #ids = new Map<object, number>();
  readonly #exploring = new Budget({ steps: EXPLORE_STEPS });
  /** Every chart within the chart that was looked at, switched on or not. */
  readonly visited: Visited[] = [];

  constructor(chart: Chart, given: Dict, to: RenderingsOptions) {
    const { kubeVersion, apiVersions, limits, signal } = to.options;
    this.#signal = signal;
    this.#chart = chart;
    this.#given = given;
    this.#collector = to.collector;
    this.#schemas = to.schemas;
    this.#recorder = new Recorder(to.collector, { knowsVersion: kubeVersion !== undefined });
    const isWanted = wantedIn(chart, given);
    this.#parser = new TemplateParser(isWanted);
    this.#options = {
      budget: new Budget(limits),
      cluster: { kubeVersion, apiVersions },
      release: to.options,
      session: new RenderSession(isWanted),
    };
  }

  /** Settings that showed an image, in the order in which they were tried. */
  get fruitful(): readonly (readonly Switch[])[] {
    return this.#recorder.fruitful;
  }

  async run(): Promise<void> {
    const { name, type } = this.#chart.metadata;
    if (type === "library") {
      // Helm does not install one. What its parts make of values is for the charts that use them.
      const message = `${name} is a library: it has no images of its own`;
      this.#collector.unknown({ code: "NOT_EXPLORED", needed: false, message });
      return;
    }
    const root = composeChart(this.#chart, this.#given);
    await this.#renderAll(root, { only: allInstances(root), switches: [] });
    for (const one of allInstances(root)) await this.#runDisabled(one.disabled, this.#given, []);
  }

  async #runDisabled(
    disabled: readonly DisabledSubchart[],
    given: Dict,
    before: readonly Switch[],
  ): Promise<void> {
    if (before.length >= MAX_DEPTH) {
      const left = disabled.map((one): Switch[] => [{ source: "values", ...one.switch }]);
      return reportUntried(left, before, this.#collector);
    }
    for (const { path, switch: toggle } of disabled) {
      const changed = copyDict(given);
      setAt(changed, toggle.path, toggle.value);
      const root = this.#compose(changed, formatPath(path));
      if (root === undefined) continue;
      const fresh = allInstances(root).filter((one) => startsWith(one.path, path));
      const switches: Switch[] = [...before, { source: "values", ...toggle }];
      await this.#renderAll(root, { only: fresh, switches });
      for (const one of fresh) await this.#runDisabled(one.disabled, changed, switches);
    }
  }

  /** Undefined if Helm would refuse the values with one more chart switched on, which is said. */
  #compose(values: Dict, name: string): Instance | undefined {
    try {
      return composeChart(this.#chart, values);
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      const message = `${name} is switched off, and cannot be looked into: ${error.message}`;
      this.#collector.unknown({ code: "NOT_EXPLORED", needed: false, message });
      return undefined;
    }
  }

  /** Prints the templates of all charts or only some, then looks for what they hold back. */
  async #renderAll(
    root: Instance,
    { only, switches }: { only: readonly Instance[]; switches: readonly Switch[] },
  ): Promise<void> {
    const when = formatSwitches(switches);
    const set = templateSet(root, this.#parser);
    const coverage = new Coverage(set, this.#ids);
    this.#visit(root, only, { when, isUsed: (path) => coverage.isUsed(path) });
    const wanted = set.files.filter(({ instance }) => only.includes(instance));
    const names = new Set(wanted.map(({ name }) => name));
    const options = { ...this.#options, watcher: coverage.watch, only: names };
    const files = renderFiles(root, set, options);
    this.#recorder.record({ root, set, options: this.#options, files, switches });
    const printing = files.flatMap((file) => file.problems);
    const [refused, noted] = switches.length === 0 ? await this.#refusals(root, set) : [[], []];
    const problems = [...refused, ...set.problems, ...printing, ...noted];
    reportProblems(problems, when, this.#collector);
    await this.#explore({ root, set, coverage, options: this.#options, files }, switches);
  }

  /** What schemas, and templates that print no object, have against the values. */
  async #refusals(root: Instance, set: TemplateSet): Promise<[Problem[], Problem[]]> {
    const only = new Set(set.notes.map(({ name }) => name));
    const notes = renderFiles(root, withNotes(set), { ...this.#options, only });
    return [await this.#schemas.problemsOf(root), notes.flatMap((file) => file.problems)];
  }

  #visit(
    root: Instance,
    only: readonly Instance[],
    said: { readonly when: readonly string[]; readonly isUsed: Visited["isUsed"] },
  ): void {
    const everyone = allInstances(root);
    for (const instance of only) {
      const ancestors = everyone.filter((one) => startsWith(instance.path, one.path));
      this.visited.push({ instance, ancestors, ...said });
    }
  }

  async #explore(rendered: Rendered, before: readonly Switch[]): Promise<void> {
    const { root, set } = rendered;
    const options = { ...rendered.options, budget: this.#exploring };
    const { unreached, untried } = await explore({ ...rendered, options }, async (trial) => {
      const switches = [...before, ...trial.switches];
      this.#recorder.record({ root, set, ...trial, switches });
      await this.#pause();
    });
    const when = formatSwitches(before);
    const { changes, undecided } = rendered.coverage;
    const changing = changes.unreached();
    for (const branch of unreached) addUnreached(branch, when, this.#collector);
    addUnreachedChanges(changing, when, this.#collector);
    const said = [...unreached, ...changing].map(({ looked }) => looked);
    addUndecided(undecided, { when, said }, this.#collector);
    reportUntried(untried, before, this.#collector);
  }

  /** Lets an interrupt through: templates run without one. */
  async #pause(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
  }
}
