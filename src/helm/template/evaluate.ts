import type { Define, IsNotable, Template } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { Output } from "./frame.ts";
import type { KnownRuns } from "./known-runs.ts";
import { Lookups, type Noted } from "./lookups.ts";
import { parseTemplate } from "./parser.ts";
import { NO_VALUE } from "./print.ts";
import type { Problem } from "./problem.ts";
import { ReadLog, type Span } from "./read-log.ts";
import { isShared, readsOf, takePlace } from "./origins.ts";
import { readBelow, type Read } from "./read.ts";
import type { Call, TemplateFunction } from "./signature.ts";
import { Statements } from "./statements.ts";
import type { Watcher } from "./watcher.ts";
import { BudgetError, TemplateError, TemplateRefusal } from "./template-error.ts";
import type { Dict, Value } from "./value.ts";

export interface EvaluationOptions {
  readonly defines: ReadonlyMap<string, Define>;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly budget: Budget;
  /** Texts that `tpl` has parsed. */
  readonly texts: Map<string, Template>;
  /** Marks what `tpl` parses. */
  readonly isNotable?: IsNotable | undefined;
  /** What named templates printed before. */
  readonly known?: Pick<KnownRuns<Printed>, "print"> | undefined;
  readonly watcher?: Watcher | undefined;
  readonly onProblem: (problem: Problem) => void;
  /** Told of values that other templates see, before they are changed. */
  readonly onChange?: ((dict: Dict) => void) | undefined;
}

export interface Printed {
  readonly text: string;
  /** The template's line for each line of `text`. */
  readonly lines: readonly number[];
  /** It asked which version the cluster has. */
  readonly asksVersion: boolean;
  /** It changed values that other templates see. */
  readonly changesShared: boolean;
  /** What it depended on and what it changed; undefined if that cannot be told. */
  readonly noted: Noted | undefined;
}

/** Tables that were printed and may be read again: so many, and no larger ones. */
const MAX_TABLES = 100;
const MAX_PRINTED = 64 * 1024;

/** Texts of `tpl` that are kept. */
const MAX_TEXTS = 5000;

/**
 * Runs templates. An action that fails prints nothing, is reported, and the next one goes on: what
 * a chart would install is worth knowing even when one of its lines cannot be evaluated.
 */
export class Evaluation implements Call {
  readonly budget: Budget;
  readonly lookups = new Lookups();
  readonly #options: EvaluationOptions;
  readonly #log: ReadLog;
  readonly #statements: Statements;
  #defines: ReadonlyMap<string, Define>;
  #changesShared = false;
  /** Tables by what they were printed as. */
  readonly #printed = new Map<string, Dict>();

  constructor(options: EvaluationOptions) {
    this.#options = options;
    this.budget = options.budget;
    this.#defines = options.defines;
    this.#log = new ReadLog(options.watcher !== undefined);
    this.#statements = new Statements({
      budget: this.budget,
      machine: { functions: options.functions, call: this, log: this.#log },
      watcher: options.watcher,
      define: (name) => this.#define(name),
      failed: (error) => this.#report(error),
    });
  }

  /** Runs a whole file with `data` as its dot, as far as the budget goes. */
  run(template: Define, data: Value): Printed {
    const output = new Output(this.budget, true);
    this.lookups.begin();
    try {
      this.#statements.execute(template, data, { output });
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      this.lookups.lose();
      const { file } = template;
      this.#options.onProblem({ file, line: 1, reason: error.reason, refused: false });
    }
    const text = output.text().replaceAll(NO_VALUE, "");
    const { asksVersion } = this.lookups;
    const noted = this.lookups.end();
    return { text, lines: output.lines(), asksVersion, changesShared: this.#changesShared, noted };
  }

  include(name: string, data: Value): string {
    return this.#print(this.#define(name), data);
  }

  #print(template: Define, data: Value): string {
    const run = (): string => {
      const output = new Output(this.budget);
      this.#statements.execute(template, data, { output });
      return output.text();
    };
    const { known, defines, onProblem } = this.#options;
    // A text may define templates of its own, for those that it calls.
    if (known === undefined || this.#defines !== defines) return run();
    const { budget, lookups } = this;
    return known.print(template, data, { budget, lookups, log: this.#log, run, onProblem });
  }

  tpl(text: string, data: Value): string {
    if (!text.includes("{{")) return text.replaceAll(NO_VALUE, "");
    const outer = this.#defines;
    const template = this.#parse(text);
    this.budget.step(template.defines.size === 0 ? 1 : outer.size);
    this.#defines = template.defines.size === 0 ? outer : new Map([...outer, ...template.defines]);
    try {
      return this.#print(template, data).replaceAll(NO_VALUE, "");
    } finally {
      this.#defines = outer;
    }
  }

  /** The same text gives the same tree, so that its conditions can be told apart. */
  #parse(text: string): Template {
    const { texts, isNotable } = this.#options;
    const known = texts.get(text);
    if (known !== undefined) return known;
    const { file, line } = this.#statements.place;
    const template = parseTemplate(text, { file: `${file}:${line} (tpl)`, isNotable });
    if (texts.size < MAX_TEXTS) texts.set(text, template);
    return template;
  }

  read(dict: Dict, key: string): Value {
    this.lookups.lookedUp(dict, key);
    if (this.#log.active) this.#log.add(readsOf(dict, key));
    return dict.get(key) ?? null;
  }

  lacks(dict: Dict, [first = "", ...names]: readonly string[]): void {
    if (!this.#log.active || names.length === 0) return;
    this.#log.add(readsOf(dict, first).map((read) => readBelow(read, names)));
  }

  changes(dict: Dict, key: string): void {
    this.lookups.changed(dict, key);
    if (!isShared(dict)) return;
    this.#changesShared = true;
    this.#options.onChange?.(dict);
  }

  asked(read: Read): void {
    this.#log.add([read]);
    if (read.source === "kubeVersion") this.lookups.askedVersion();
  }

  picked(dict: Dict, key: string): void {
    this.lookups.counted(dict);
    this.#log.picks(key, dict.keys());
  }

  asksForFile(path: string, paths: readonly string[]): void {
    this.#log.names(path, paths);
  }

  asksForTemplate(name: string, span: Span): void {
    this.#log.names(name, this.#defines.keys(), span);
  }

  printed(text: string, value: Value): void {
    if (!this.#log.active || !(value instanceof Map) || text.length > MAX_PRINTED) return;
    if (this.#printed.size >= MAX_TABLES) this.#printed.clear();
    this.#printed.set(text.trim(), value);
  }

  readAgain(text: string, dict: Dict): void {
    const from = this.#log.active ? this.#printed.get(text.trim()) : undefined;
    if (from !== undefined) takePlace(from, dict);
  }

  compared(values: readonly Value[]): void {
    this.#log.compares(values);
  }

  refuse(message: string): void {
    this.#report(new TemplateRefusal(message));
  }

  require(message: string): void {
    this.#report(new TemplateRefusal(message, this.#log.latest?.path));
  }

  #define(name: string): Define {
    const define = this.#defines.get(name);
    if (define === undefined)
      throw new TemplateError(`template ${JSON.stringify(name)} not defined`);
    this.#options.watcher?.called?.(define);
    return define;
  }

  #report(error: unknown): void {
    if (error instanceof RangeError) throw new BudgetError("it nests too deep");
    if (!(error instanceof TemplateError)) throw error;
    const { reason } = error;
    const refused = error instanceof TemplateRefusal;
    const path = refused ? error.path : undefined;
    const problem = { ...this.#statements.place, reason, refused, path };
    this.lookups.failed(problem);
    this.#options.onProblem(problem);
  }
}
