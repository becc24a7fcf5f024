import type { ActionNode, BranchNode, Define, List, Node, Pipe, TemplateNode } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { evaluatePipe, type Machine } from "./expression.ts";
import {
  bindRange,
  noteAssigned,
  turnsOf,
  Variables,
  withDot,
  type Frame,
  type Output,
} from "./frame.ts";
import { isIdle } from "./idle.ts";
import { printed } from "./print.ts";
import { LOOKED_AT_NOTHING, type Looked } from "./read-log.ts";
import { BudgetError } from "./template-error.ts";
import { isTrue, type Value } from "./value.ts";
import type { Watcher } from "./watcher.ts";

/** A line of a template. */
export interface TemplatePlace {
  readonly file: string;
  readonly line: number;
}

/** What statements ask of the evaluation that they are part of. */
export interface Host {
  readonly budget: Budget;
  readonly machine: Machine;
  readonly watcher: Watcher | undefined;
  /** A named template. @throws TemplateError if there is none */
  define(name: string): Define;
  /** A statement failed: either that is said and the next one goes on, or it throws. */
  failed(error: unknown): void;
}

type Signal = "next" | "break" | "continue";

/** Runs the nodes of templates: text, actions and control flow. */
export class Statements {
  readonly #host: Host;
  #file = "";
  #line = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** What runs just now. */
  get place(): TemplatePlace {
    return { file: this.#file, line: this.#line };
  }

  /** Runs a whole template with its own variables. */
  execute(
    template: Define,
    dot: Value,
    { output, calledFrom }: { output: Output; calledFrom?: number | undefined },
  ): void {
    const [file, line] = [this.#file, this.#line];
    const scope = { dot, variables: new Variables(dot, LOOKED_AT_NOTHING) };
    try {
      this.#list(template.body, { file: template.file, output, scope, calledFrom });
    } finally {
      this.#file = file;
      this.#line = line;
    }
  }

  #list(list: List, frame: Frame): Signal {
    const { budget } = this.#host;
    const { variables } = frame.scope;
    budget.enter();
    try {
      const mark = variables.mark();
      for (const node of list.nodes) {
        const signal = this.#guarded(node, frame);
        if (signal !== "next") return signal;
      }
      variables.release(mark);
      return "next";
    } finally {
      budget.leave();
    }
  }

  #guarded(node: Node, frame: Frame): Signal {
    this.#host.budget.step();
    this.#isAt(node, frame);
    try {
      return this.#node(node, frame);
    } catch (error) {
      this.#isAt(node, frame);
      this.#host.failed(error);
      if (node.type === "action" && !node.pipe.assigns) {
        for (const name of node.pipe.variables) frame.scope.variables.lose(name);
      }
      return "next";
    }
  }

  #isAt({ line }: Node, { file }: Frame): void {
    this.#file = file;
    this.#line = line;
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
      case "action":
        this.#action(node, frame);
        return "next";
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

  #action(node: ActionNode, frame: Frame): void {
    const { watcher, machine } = this.#host;
    if (node.pipe.variables.length > 0) return void this.#pipe(node.pipe, frame);
    const { output } = frame;
    if (watcher === undefined) {
      output.write(this.#printed(node.pipe, frame), frame.calledFrom ?? node.line);
      return;
    }
    const line = output.line();
    let text = "";
    machine.log.capture(
      () => (text = this.#printed(node.pipe, frame)),
      (looked) => watcher.printed(node, { text, looked, line }),
    );
    output.write(text, frame.calledFrom ?? node.line);
  }

  #printed(pipe: Pipe, frame: Frame): string {
    const value = this.#pipe(pipe, frame);
    this.#host.machine.call.lookups.tookWhole(value);
    return printed(value);
  }

  #call(node: TemplateNode, frame: Frame): void {
    const data = node.pipe === undefined ? null : this.#pipe(node.pipe, frame);
    const { output, calledFrom = node.line } = frame;
    this.execute(this.#host.define(node.name), data, { output, calledFrom });
  }

  #branch(node: BranchNode, frame: Frame): Signal {
    const mark = frame.scope.variables.mark();
    const { log } = this.#host.machine;
    const before = log.marks();
    const { value, looked } = this.#condition(node, node.pipe, frame);
    if (log.active && isIdle(node)) log.forget(before);
    this.#host.machine.call.lookups.counted(value);
    const taken = isTrue(value) ? node.body : node.otherwise;
    this.#host.watcher?.branch(node, { taken, looked, line: frame.output.line() });
    const inner = node.type === "with" && taken === node.body ? withDot(frame, value) : frame;
    const signal = taken === undefined ? "next" : this.#list(taken, inner);
    frame.scope.variables.release(mark);
    noteAssigned(node, frame.scope, looked);
    return signal;
  }

  #condition(node: BranchNode, pipe: Pipe, frame: Frame): { value: Value; looked: Looked } {
    let looked = LOOKED_AT_NOTHING;
    try {
      const value = this.#host.machine.log.capture(
        () => this.#pipe(pipe, frame),
        (all) => (looked = all()),
      );
      return { value, looked };
    } catch (error) {
      const line = frame.output.line();
      if (!(error instanceof BudgetError)) {
        this.#host.watcher?.branch(node, { taken: undefined, looked, line });
      }
      throw error;
    }
  }

  #range(node: BranchNode, frame: Frame): Signal {
    const { variables } = frame.scope;
    const mark = variables.mark();
    const { value, looked } = this.#condition(node, { ...node.pipe, variables: [] }, frame);
    this.#host.machine.call.lookups.wentThrough(value);
    const turns = turnsOf(value, node.pipe.variables.length);
    const isEmpty = turns.length === 0;
    const taken = isEmpty ? node.otherwise : node.body;
    this.#host.watcher?.branch(node, { taken, looked, line: frame.output.line() });
    const signal = isEmpty && taken !== undefined ? this.#list(taken, frame) : "next";
    for (const [key, item] of turns) {
      this.#host.budget.step();
      bindRange(node.pipe, frame.scope, { key, item, looked });
      const ended = this.#list(node.body, withDot(frame, item));
      if (!node.pipe.assigns) variables.release(mark);
      if (ended === "break") break;
    }
    variables.release(mark);
    noteAssigned(node, frame.scope, looked);
    return signal;
  }

  #pipe(pipe: Pipe, frame: Frame): Value {
    return evaluatePipe(pipe, frame.scope, this.#host.machine);
  }
}
