import type { BranchNode, Define, List, Node, Pipe, Template, TemplateNode } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { evaluatePipe, type Machine, type Scope } from "./expression.ts";
import { isShared, readsOf, type Read } from "./origin.ts";
import type { IsNotable } from "./list-builder.ts";
import { Output } from "./template-output.ts";
import { parseTemplate } from "./parser.ts";
import { NO_VALUE, printed } from "./print.ts";
import { bindRange, entriesOf, withoutVariables } from "./range-loop.ts";
import { ReadLog, LOOKED_AT_NOTHING, type Looked } from "./read-log.ts";
import type { Call, TemplateFunction } from "./signature.ts";
import { BudgetError, TemplateError, TemplateRefusal } from "./template-error.ts";
import { isTrue, type Dict, type Value } from "./value.ts";
import { Variables } from "./variables.ts";

/** Something in a template that could not be evaluated; the rest of the template still is. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  /** The chart refuses the values (`fail`, `required`); Helm would stop here too. */
  readonly refused: boolean;
}

/** Told of every condition: which side was taken and what the condition looked at. */
export interface Watcher {
  branch(node: BranchNode, taken: List | undefined, looked: Looked): void;
}

export interface EvaluationOptions {
  readonly defines: ReadonlyMap<string, Define>;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly budget: Budget;
  /** Texts that `tpl` has parsed. */
  readonly texts: Map<string, Template>;
  /** Marks what `tpl` parses. */
  readonly isNotable?: IsNotable | undefined;
  readonly watcher?: Watcher | undefined;
  readonly onProblem: (problem: Problem) => void;
}

export interface Printed {
  readonly text: string;
  /** The template's line for each line of `text`. */
  readonly lines: readonly number[];
  /** It asked which version the cluster has. */
  readonly asksVersion: boolean;
  /** It changed values that other templates see. */
  readonly changesShared: boolean;
}

/** Texts of `tpl` that are kept. */
const MAX_TEXTS = 5000;

type Signal = "next" | "break" | "continue";

/** One template in the middle of its run. */
interface Frame {
  readonly file: string;
  readonly output: Output;
  readonly scope: Scope;
  /** What the output's lines are put down to, where that is not the node's own line. */
  readonly calledFrom: number | undefined;
}

/**
 * Runs templates. An action that fails prints nothing, is reported, and the next one goes on: what
 * a chart would install is worth knowing even when one of its lines cannot be evaluated.
 */
export class Evaluation implements Call {
  readonly budget: Budget;
  readonly #options: EvaluationOptions;
  readonly #machine: Machine;
  #defines: ReadonlyMap<string, Define>;
  #asksVersion = false;
  #changesShared = false;
  #place: { file: string; line: number } = { file: "", line: 0 };

  constructor(options: EvaluationOptions) {
    this.#options = options;
    this.budget = options.budget;
    this.#defines = options.defines;
    const log = new ReadLog(options.watcher !== undefined);
    this.#machine = { functions: options.functions, call: this, log };
  }

  /** Runs a whole file with `data` as its dot, as far as the budget goes. */
  run(template: Define, data: Value): Printed {
    const output = new Output(this.budget, true);
    try {
      this.#execute(template, data, { output, calledFrom: undefined });
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      const { file } = template;
      this.#options.onProblem({ file, line: 1, reason: error.reason, refused: false });
    }
    const text = output.text().replaceAll(NO_VALUE, "");
    const [asksVersion, changesShared] = [this.#asksVersion, this.#changesShared];
    return { text, lines: output.lines(), asksVersion, changesShared };
  }

  include(name: string, data: Value): string {
    const output = new Output(this.budget);
    this.#execute(this.#define(name), data, { output, calledFrom: undefined });
    return output.text();
  }

  tpl(text: string, data: Value): string {
    if (!text.includes("{{")) return text.replaceAll(NO_VALUE, "");
    const outer = this.#defines;
    const template = this.#parse(text);
    this.budget.step(template.defines.size === 0 ? 1 : outer.size);
    this.#defines = template.defines.size === 0 ? outer : new Map([...outer, ...template.defines]);
    try {
      const output = new Output(this.budget);
      this.#execute(template, data, { output, calledFrom: undefined });
      return output.text().replaceAll(NO_VALUE, "");
    } finally {
      this.#defines = outer;
    }
  }

  /** The same text gives the same tree, so that its conditions can be told apart. */
  #parse(text: string): Template {
    const { texts, isNotable } = this.#options;
    const known = texts.get(text);
    if (known !== undefined) return known;
    const file = `${this.#place.file}:${this.#place.line} (tpl)`;
    const template = parseTemplate(text, { file, isNotable });
    if (texts.size < MAX_TEXTS) texts.set(text, template);
    return template;
  }

  read(dict: Dict, key: string): Value {
    if (this.#machine.log.active) this.#machine.log.add(readsOf(dict, key));
    return dict.get(key) ?? null;
  }

  changes(dict: Dict): void {
    this.#changesShared ||= isShared(dict);
  }

  asked(read: Read): void {
    this.#machine.log.add([read]);
    this.#asksVersion ||= read.source === "kubeVersion";
  }

  compared(values: readonly Value[]): void {
    this.#machine.log.compared(values);
  }

  refuse(message: string): void {
    this.#report(new TemplateRefusal(message));
  }

  #define(name: string): Define {
    const define = this.#defines.get(name);
    if (define === undefined)
      throw new TemplateError(`template ${JSON.stringify(name)} not defined`);
    return define;
  }

  #execute(template: Define, dot: Value, to: Pick<Frame, "output" | "calledFrom">): void {
    const place = this.#place;
    const scope = { dot, variables: new Variables(dot, LOOKED_AT_NOTHING) };
    try {
      this.#list(template.body, { file: template.file, scope, ...to });
    } finally {
      this.#place = place;
    }
  }

  #list(list: List, frame: Frame): Signal {
    return this.budget.nested(() => {
      const mark = frame.scope.variables.mark();
      for (const node of list.nodes) {
        const signal = this.#guarded(node, frame);
        if (signal !== "next") return signal;
      }
      frame.scope.variables.release(mark);
      return "next";
    });
  }

  #guarded(node: Node, frame: Frame): Signal {
    this.budget.step();
    this.#place = { file: frame.file, line: node.line };
    try {
      return this.#node(node, frame);
    } catch (error) {
      this.#place = { file: frame.file, line: node.line };
      this.#report(error);
      return "next";
    }
  }

  #node(node: Node, frame: Frame): Signal {
    switch (node.type) {
      case "text":
        frame.output.write(
          node.text,
          frame.calledFrom ?? node.line,
          frame.calledFrom === undefined,
        );
        return "next";
      case "action": {
        const value = this.#pipe(node.pipe, frame);
        if (node.pipe.variables.length === 0) {
          frame.output.write(printed(value), frame.calledFrom ?? node.line);
        }
        return "next";
      }
      case "template":
        this.#call(node, frame);
        return "next";
      case "break":
      case "continue":
        return node.type;
      default:
        return node.type === "range" ? this.#range(node, frame) : this.#branch(node, frame);
    }
  }

  #call(node: TemplateNode, frame: Frame): void {
    const data = node.pipe === undefined ? null : this.#pipe(node.pipe, frame);
    const { output, calledFrom = node.line } = frame;
    this.#execute(this.#define(node.name), data, { output, calledFrom });
  }

  #branch(node: BranchNode, frame: Frame): Signal {
    const mark = frame.scope.variables.mark();
    const { value, looked } = this.#condition(node, node.pipe, frame);
    const taken = isTrue(value) ? node.body : node.otherwise;
    this.#options.watcher?.branch(node, taken, looked);
    const inner = node.type === "with" && taken === node.body ? withDot(frame, value) : frame;
    const signal = taken === undefined ? "next" : this.#list(taken, inner);
    frame.scope.variables.release(mark);
    return signal;
  }

  #condition(node: BranchNode, pipe: Pipe, frame: Frame): { value: Value; looked: Looked } {
    let looked = LOOKED_AT_NOTHING;
    try {
      const value = this.#machine.log.capture(
        () => this.#pipe(pipe, frame),
        (all) => (looked = all),
      );
      return { value, looked };
    } catch (error) {
      if (!(error instanceof BudgetError)) this.#options.watcher?.branch(node, undefined, looked);
      throw error;
    }
  }

  #range(node: BranchNode, frame: Frame): Signal {
    const { variables } = frame.scope;
    const mark = variables.mark();
    const { value, looked } = this.#condition(node, withoutVariables(node.pipe), frame);
    const entries = entriesOf(value);
    const taken = entries.length > 0 ? node.body : node.otherwise;
    this.#options.watcher?.branch(node, taken, looked);
    if (entries.length === 0) return taken === undefined ? "next" : this.#list(taken, frame);
    for (const [key, item] of entries) {
      this.budget.step();
      bindRange(node.pipe, frame.scope, { key, item, looked });
      const signal = this.#list(node.body, withDot(frame, item));
      if (!node.pipe.assigns) variables.release(mark);
      if (signal === "break") break;
    }
    variables.release(mark);
    return "next";
  }

  #pipe(pipe: Pipe, frame: Frame): Value {
    return evaluatePipe(pipe, frame.scope, this.#machine);
  }

  #report(error: unknown): void {
    if (error instanceof RangeError) throw new BudgetError("it nests too deep");
    if (!(error instanceof TemplateError)) throw error;
    const { reason } = error;
    this.#options.onProblem({ ...this.#place, reason, refused: error instanceof TemplateRefusal });
  }
}

function withDot(frame: Frame, dot: Value): Frame {
  return { ...frame, scope: { ...frame.scope, dot } };
}
