import type { BranchNode, Pipe } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { joined, LOOKED_AT_NOTHING, type Looked } from "./read-log.ts";
import { BudgetError, TemplateError } from "./template-error.ts";
import { Integer, integerOf, isList, sortedKeys, typeOf, type Value } from "./value.ts";

/** One template in the middle of its run. */
export interface Frame {
  readonly file: string;
  readonly output: Output;
  readonly scope: Scope;
  /** What the output's lines are put down to, where that is not the node's own line. */
  readonly calledFrom: number | undefined;
}

/** How the reason ends of what only follows from another failure, which is said itself. */
export const LOST = "has no value: what was to give it one failed";

/** What an expression sees. */
export interface Scope {
  readonly dot: Value;
  readonly variables: Variables;
}

export function withDot(frame: Frame, dot: Value): Frame {
  const { file, output, calledFrom, scope } = frame;
  return { file, output, calledFrom, scope: { dot, variables: scope.variables } };
}

interface Variable {
  readonly name: string;
  value: Value;
  /** What was looked at to make the value. */
  looked: Looked;
  /** What was to give it a value failed. */
  readonly isLost?: boolean;
}

/** The variables of one template that runs; `$` is the data it was given. */
export class Variables {
  readonly #stack: Variable[];

  constructor(data: Value, looked: Looked) {
    this.#stack = [{ name: "$", value: data, looked }];
  }

  /** Undoes what is declared after this point. */
  mark(): number {
    return this.#stack.length;
  }

  release(mark: number): void {
    this.#stack.length = mark;
  }

  get(name: string): Readonly<Variable> {
    return this.#find(name);
  }

  declare(name: string, value: Value, looked: Looked): void {
    this.#stack.push({ name, value, looked });
  }

  /** Says that what was to declare it has failed. */
  lose(name: string): void {
    this.#stack.push({ name, value: null, looked: LOOKED_AT_NOTHING, isLost: true });
  }

  assign(name: string, value: Value, looked: Looked): void {
    const variable = this.#find(name);
    variable.value = value;
    variable.looked = looked;
  }

  /** Says that the value, whichever it is, depends on more than it was made of. */
  depends(name: string, looked: Looked): void {
    const found = this.#last(name);
    if (found !== undefined) found.looked = joined(looked, found.looked);
  }

  #find(name: string): Variable {
    const found = this.#last(name);
    if (found === undefined) throw new TemplateError(`undefined variable ${JSON.stringify(name)}`);
    if (found.isLost === true) throw new TemplateError(`${name} ${LOST}`);
    return found;
  }

  #last(name: string): Variable | undefined {
    for (let at = this.#stack.length - 1; at >= 0; at--) {
      const variable = this.#stack[at];
      if (variable?.name === name) return variable;
    }
    return undefined;
  }
}

/** What a template prints, and which of its lines printed it. */
export class Output {
  readonly #budget: Budget;
  readonly #lines: number[] | undefined;
  #text = "";
  #line = "";

  /** `traced`: keep the lines. */
  constructor(budget: Budget, traced = false) {
    this.#budget = budget;
    this.#lines = traced ? [] : undefined;
  }

  /** `line` is the template's; a `verbatim` text stands there as it is, so its lines count on. */
  write(text: string, line: number, verbatim = false): void {
    if (text === "") return;
    this.#budget.text(text.length);
    this.#text += text;
    const end = text.lastIndexOf("\n");
    this.#line = end === -1 ? this.#line + text : text.slice(end + 1);
    if (this.#lines === undefined) return;
    if (this.#lines.length === 0) this.#lines.push(line);
    let own = line;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
      if (verbatim) own++;
      this.#lines.push(own);
    }
  }

  text(): string {
    return this.#text;
  }

  /** What stands on the last line so far. */
  line(): string {
    return this.#line;
  }

  /** Lines of the template, one for each line of the output. */
  lines(): readonly number[] {
    return this.#lines ?? [];
  }
}

/** One turn of a `range`. */
interface Turn {
  readonly key: Value;
  readonly item: Value;
  /** What was looked at to get the whole. */
  readonly looked: Looked;
}

/** With one variable it is the item, with two the key comes first. */
export function bindRange(
  { variables, assigns }: Pipe,
  scope: Scope,
  { key, item, looked }: Turn,
): void {
  const values = variables.length === 1 ? [item] : [key, item];
  for (const [index, name] of variables.entries()) {
    const value = values[index] ?? null;
    if (assigns) scope.variables.assign(name, value, looked);
    else scope.variables.declare(name, value, looked);
  }
}

/** What a part may have set depends on what decided whether the part ran. */
export function noteAssigned(
  { body, otherwise }: BranchNode,
  { variables }: Scope,
  looked: Looked,
): void {
  for (const name of body.assigned) variables.depends(name, looked);
  for (const name of otherwise?.assigned ?? []) variables.depends(name, looked);
}

/** What `range` goes through: lists, maps by key, and whole numbers. */
export function turnsOf(value: Value, variables: number): (readonly [Value, Value])[] {
  if (value === null) return [];
  if (value instanceof Map) return sortedKeys(value).map((key) => [key, value.get(key) ?? null]);
  if (isList(value)) return value.map((item, index) => [BigInt(index), item]);
  const count = integerOf(value);
  if (count === undefined) throw new TemplateError(`range can't iterate over ${typeOf(value)}`);
  if (variables > 1) {
    throw new TemplateError(`can't use ${count} to iterate over more than one variable`);
  }
  if (count > MAX_COUNT) throw new BudgetError(`a range of ${count}`);
  const numbers = Array.from({ length: Number(count) }, (_item, index) => BigInt(index));
  if (!(value instanceof Integer)) return numbers.map((one) => [one, one]);
  return numbers.map((one) => [one, value.like(one)]);
}

/** Whole numbers that `range` counts up to. */
const MAX_COUNT = 1_000_000n;
