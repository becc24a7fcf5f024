import type { Chart } from "../../chart/chart.ts";
import type { IsNotable, Template } from "../template/ast.ts";
import type { Budget } from "../template/budget.ts";
import { Evaluation, type Printed, type Problem } from "../template/evaluate.ts";
import { FUNCTIONS } from "../template/functions/functions.ts";
import { markShared } from "../template/reads.ts";
import type { Watcher } from "../template/watcher.ts";
import type { Dict, Value } from "../template/value.ts";
import type { Instance } from "../values/compose.ts";
import {
  chartFiles,
  chartObject,
  releaseObject,
  valuesObject,
  type Release,
} from "./built-in-objects.ts";
import { capabilities, type Cluster } from "./capabilities.ts";
import type { TemplateFile, TemplateSet } from "./template-set.ts";
import { ValuesTree, type Override } from "./values-tree.ts";

/** What one rendering of a chart can use again from those before. */
export class RenderSession {
  /** Texts that `tpl` has parsed. */
  readonly texts = new Map<string, Template>();
  readonly isNotable: IsNotable | undefined;
  /** Files that print nothing and only change values for the others; they run every time. */
  readonly preparing = new Set<string>();
  readonly #files = new Map<Chart, Dict>();
  readonly #trees = new WeakMap<Instance, ValuesTree>();

  constructor(isNotable?: IsNotable) {
    this.isNotable = isNotable;
  }

  filesOf(chart: Chart): Dict {
    const files = this.#files.get(chart) ?? chartFiles(chart);
    this.#files.set(chart, files);
    return files;
  }

  /** The values of `root`, which is the chart asked for. */
  treeOf(root: Instance): ValuesTree {
    const tree = this.#trees.get(root) ?? new ValuesTree(root);
    this.#trees.set(root, tree);
    return tree;
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
  const files = set.files.filter(runs);
  const wanted = only === undefined ? [root] : files.map(({ instance }) => instance);
  const tree = session.treeOf(root);
  try {
    for (const override of options.overrides ?? []) tree.override(override);
    const contexts = new Contexts(wanted, tree, options);
    const rendered = files.map((file) =>
      renderFile(file, set, { ...options, data: contexts.forFile(file), onChange: tree.keep }),
    );
    for (const { file, text, changesShared } of rendered) {
      if (changesShared && isBlank(text)) session.preparing.add(file.name);
    }
    return rendered.filter(({ file }) => only?.has(file.name) !== false);
  } finally {
    tree.restore();
  }
}

/** True for a text of nothing but comments. */
function isBlank(text: string): boolean {
  return !/^[^\S\n]*[^\s#]/m.test(text);
}

/** What cannot be evaluated in one file; more of it says no more. */
const MAX_PROBLEMS = 200;

function renderFile(
  file: TemplateFile,
  set: TemplateSet,
  options: RenderOptions & { readonly data: Dict; readonly onChange: (dict: Dict) => void },
): RenderedFile {
  const problems = new Map<string, Problem>();
  const evaluation = new Evaluation({
    defines: set.defines,
    functions: FUNCTIONS,
    budget: options.budget,
    texts: options.session.texts,
    isNotable: options.session.isNotable,
    watcher: options.watcher?.(file),
    onChange: options.onChange,
    onProblem: (problem) => {
      if (problems.size >= MAX_PROBLEMS) return;
      problems.set(`${problem.file}:${problem.line}:${problem.reason}`, problem);
    },
  });
  const printed = evaluation.run(file.template, options.data);
  return { file, ...printed, problems: [...problems.values()] };
}

/** What each chart's templates are given as their dot. */
class Contexts {
  readonly #byInstance = new Map<Instance, Dict>();
  readonly #session: RenderSession;
  readonly #tree: ValuesTree;
  readonly #same: readonly (readonly [string, Value])[];

  /** Makes them for the `wanted` charts and all below these; a chart shares values with its subcharts. */
  constructor(wanted: readonly Instance[], tree: ValuesTree, options: RenderOptions) {
    const { cluster, release, session } = options;
    this.#session = session;
    this.#tree = tree;
    this.#same = [
      ["Capabilities", capabilities(cluster)],
      ["Release", releaseObject(release)],
    ];
    const byDepth = new Set(wanted.toSorted((a, b) => a.path.length - b.path.length));
    for (const instance of byDepth) {
      if (!this.#byInstance.has(instance)) this.#add(instance);
    }
  }

  forFile({ instance, name }: TemplateFile): Dict {
    const context: Dict = this.#byInstance.get(instance) ?? new Map();
    const basePath = `${instance.source}/templates`;
    context.set(
      "Template",
      new Map<string, Value>(Object.entries({ Name: name, BasePath: basePath })),
    );
    return context;
  }

  #add(instance: Instance): Dict {
    const subcharts: Dict = new Map();
    const context = new Map<string, Value>([
      ...this.#same,
      ["Chart", chartObject(instance)],
      ["Files", this.#session.filesOf(instance.chart)],
      ["Values", valuesObject(this.#tree.tableAt(instance.path))],
      ["Subcharts", subcharts],
    ]);
    markShared(context);
    this.#byInstance.set(instance, context);
    for (const child of instance.children) subcharts.set(child.name, this.#add(child));
    return context;
  }
}
