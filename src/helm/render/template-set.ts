import { isPartial, shownPath, templatesOf, textOf, type Chart } from "../../chart/chart.ts";
import { isBlank, type Define, type IsNotable, type Template } from "../template/ast.ts";
import type { Problem } from "../template/problem.ts";
import { parseTemplate } from "../template/parser.ts";
import { TemplateError } from "../template/template-error.ts";
import { allInstances, type Instance } from "../values/compose.ts";

/** One file in `templates/` of one chart in one place. */
export interface TemplateFile {
  readonly instance: Instance;
  /** Below the chart's directory: `templates/deployment.yaml`. */
  readonly path: string;
  readonly template: Template;
  /** Helm's name for it: `kube-prometheus-stack/charts/grafana/templates/deployment.yaml`. */
  readonly name: string;
}

/** The templates of a chart with those subcharts that are switched on. */
export interface TemplateSet {
  /** Files that print something, in the order in which Helm runs them. */
  readonly files: readonly TemplateFile[];
  /** What Helm tells whoever installs; some charts refuse values there. */
  readonly notes: readonly TemplateFile[];
  readonly defines: ReadonlyMap<string, Define>;
  /** Files that cannot be parsed. */
  readonly problems: readonly Problem[];
}

/** Parses each file of a chart once, however often it is rendered. */
export class TemplateParser {
  readonly #parsed = new Map<Chart, Map<string, Template | TemplateError>>();
  readonly #isNotable: IsNotable | undefined;

  constructor(isNotable?: IsNotable) {
    this.#isNotable = isNotable;
  }

  parse(chart: Chart, path: string): Template | TemplateError {
    const known = this.#parsed.get(chart) ?? new Map<string, Template | TemplateError>();
    this.#parsed.set(chart, known);
    const found = known.get(path) ?? this.#parseFile(chart, path);
    known.set(path, found);
    return found;
  }

  #parseFile(chart: Chart, path: string): Template | TemplateError {
    const options = { file: shownPath(chart, path), isNotable: this.#isNotable };
    try {
      return parseTemplate(textOf(chart, path), options);
    } catch (error) {
      if (error instanceof TemplateError) return error;
      throw error;
    }
  }
}

export function templateSet(root: Instance, parser: TemplateParser): TemplateSet {
  const problems: Problem[] = [];
  const files: TemplateFile[] = [];
  for (const instance of allInstances(root)) {
    for (const path of templatesOf(instance.chart)) {
      const template = parser.parse(instance.chart, path);
      if (template instanceof TemplateError) problems.push(problemOf(template, instance, path));
      else files.push({ instance, path, template, name: `${instance.source}/${path}` });
    }
  }
  files.sort(byDepth);
  const printing = files.filter(({ path }) => !isPartial(path));
  return {
    files: printing.filter((file) => !isNote(file)),
    notes: printing.filter(isNote),
    defines: definesOf(files),
    problems,
  };
}

/** All that Helm runs, in its order: what prints objects may set values that notes print. */
export function withNotes(set: TemplateSet): TemplateSet {
  return { ...set, files: [...set.files, ...set.notes].toSorted(byDepth) };
}

function isNote({ path }: TemplateFile): boolean {
  return path.endsWith("/NOTES.txt");
}

/** Deeper files first, so that what a parent defines counts in the end. */
function byDepth(a: TemplateFile, b: TemplateFile): number {
  const depth = b.name.split("/").length - a.name.split("/").length;
  return depth === 0 ? (a.name < b.name ? 1 : -1) : depth;
}

/** Named templates; a whole file can be called by its name too. */
function definesOf(files: readonly TemplateFile[]): ReadonlyMap<string, Define> {
  const defines = new Map<string, Define>();
  for (const { name, template } of files) {
    defines.set(name, template);
    for (const [defined, define] of template.defines) {
      if (!defines.has(defined) || !isBlank(define.body)) defines.set(defined, define);
    }
  }
  return defines;
}

function problemOf(error: TemplateError, { chart }: Instance, path: string): Problem {
  const line = Number(
    /:(\d+):/.exec(error.message)?.[1] ?? /line (\d+)/.exec(error.message)?.[1] ?? 1,
  );
  return { file: shownPath(chart, path), line, reason: error.reason, refused: false };
}
