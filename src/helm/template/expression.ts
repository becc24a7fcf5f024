import type { Command, Operand, Pipe } from "./ast.ts";
import { callFunction, calling, namingNil, noTable } from "./call-function.ts";
import { fieldOf, methodOf } from "./field.ts";
import type { Scope } from "./frame.ts";
import { asInt } from "./literals.ts";
import { LOOKED_AT_NOTHING, type Looked, type ReadLog } from "./read-log.ts";
import { noteUse } from "./function-uses.ts";
import { noteEntry } from "./origins.ts";
import type { Call, TemplateFunction } from "./signature.ts";
import { TemplateError } from "./template-error.ts";
import { isTrue, typeOf, type Value } from "./value.ts";

export interface Machine {
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly call: Call;
  readonly log: ReadLog;
}

/** The value of a pipeline; sets its variables. */
export function evaluatePipe(pipe: Pipe, scope: Scope, machine: Machine): Value {
  if (pipe.variables.length === 0) return pipeValue(pipe, scope, machine);
  const { log } = machine;
  let looked = LOOKED_AT_NOTHING;
  const value = log.enabled
    ? log.capture(
        () => pipeValue(pipe, scope, machine),
        (all) => (looked = all()),
      )
    : pipeValue(pipe, scope, machine);
  for (const name of pipe.variables) {
    if (pipe.assigns) scope.variables.assign(name, value, looked);
    else scope.variables.declare(name, value, looked);
  }
  return value;
}

function pipeValue(pipe: Pipe, scope: Scope, machine: Machine): Value {
  if (!pipe.requires) return commandsValue(pipe, scope, machine);
  // Whoever has to give a value is told which one it is.
  return machine.log.capture(
    () => commandsValue(pipe, scope, machine),
    () => {},
  );
}

function commandsValue(pipe: Pipe, scope: Scope, machine: Machine): Value {
  const context: Context = { scope, machine, pipe, start: machine.log.mark(), before: undefined };
  let piped = NOTHING;
  for (const command of pipe.commands) {
    piped = [commandValue(command, piped, context)];
    context.before = command;
  }
  return piped[0] ?? null;
}

const NOTHING: readonly Value[] = [];

/** One pipeline in the middle of its run. */
interface Context {
  readonly scope: Scope;
  readonly machine: Machine;
  readonly pipe: Pipe;
  /** What the pipeline looks at begins here. */
  readonly start: number;
  /** What the piped value comes from. */
  before: Command | undefined;
}

/** `piped` is empty or holds the value of the command before, which becomes the last argument. */
function commandValue(command: Command, piped: readonly Value[], context: Context): Value {
  const { first, rest } = command;
  context.machine.call.budget.step();
  if (first.type === "function") return functionValue(first.name, { rest, piped }, context);
  const named = first.type === "field" || first.type === "variable" || first.type === "chain";
  if (named && first.names.length > 0) return chainValue(first, { rest, piped }, context);
  if (rest.length > 0 || piped.length > 0)
    throw new TemplateError("can't give argument to non-function");
  if (first.type === "nil") throw new TemplateError("nil is not a command");
  return operandValue(first, context);
}

interface Given {
  readonly rest: readonly Operand[];
  readonly piped: readonly Value[];
}

function functionValue(name: string, given: Given, context: Context): Value {
  const { functions, log, call } = context.machine;
  const run = functions.get(name);
  if (name === "and" || name === "or") return logicValue(name, given, context);
  if (run === undefined) throw new TemplateError(`function ${JSON.stringify(name)} is not known`);
  let args: Value[] | undefined;
  try {
    if (log.enabled && KEEPS_ENTRIES.has(name)) return tracedValue(run, given, context);
    args = FOLLOWED.get(name)?.(given, context) ?? argumentsOf(given, context, run);
    noteUse(name, args, call.lookups);
    log.calls(context.start);
    return callFunction(run, args, call);
  } catch (error) {
    const { before } = context;
    const cause =
      args === undefined ? error : namingNil(error, args, (at) => given.rest[at] ?? before?.first);
    throw calling(cause, name);
  }
}

/** Functions that put values into a dictionary under a key that stands before each. */
const KEEPS_ENTRIES: ReadonlySet<string> = new Set(["dict", "set"]);

/** Remembers with each entry what was looked at to make it. */
function tracedValue(run: TemplateFunction, given: Given, context: Context): Value {
  const looked: Looked[] = [];
  const { call, log } = context.machine;
  const args = given.rest.map((operand, at) =>
    log.capture(
      () => argumentOf(operand, context, { run, at }),
      (all) => looked.push(all()),
    ),
  );
  const dict = run([...args, ...given.piped], call);
  if (!(dict instanceof Map)) return dict;
  for (const [index, value] of args.entries()) {
    const reads = looked[index]?.reads ?? [];
    const key = args[index - 1];
    if (typeof key === "string" && !(value instanceof Map)) noteEntry(dict, key, reads);
  }
  return dict;
}

/** `and` and `or` do not look at what cannot matter any more. */
function logicValue(name: "and" | "or", { rest, piped }: Given, context: Context): Value {
  let value: Value = null;
  for (const operand of rest) {
    value = operandValue(operand, context);
    context.machine.call.lookups.counted(value);
    if (isTrue(value) === (name === "or")) return value;
  }
  if (piped.length > 0) return piped[0] ?? null;
  if (rest.length === 0) throw new TemplateError(`${name} needs an argument`);
  return value;
}

function argumentsOf({ rest, piped }: Given, context: Context, run?: TemplateFunction): Value[] {
  const args: Value[] = [];
  for (const operand of rest) args.push(argumentOf(operand, context, { run, at: args.length }));
  for (const value of piped) args.push(value);
  return args;
}

/** Functions of which it matters what was looked at to make one argument. */
const FOLLOWED: ReadonlyMap<string, (given: Given, context: Context) => Value[]> = new Map([
  ["ternary", argumentsOfTernary],
  ["include", argumentsOfInclude],
]);

/** What decides stands last, or is piped: what was looked at for it says why the one value was taken. */
function argumentsOfTernary(given: Given, context: Context): Value[] {
  const { args, ends } = followed(given, context);
  const [from, to] = given.piped.length > 0 ? [context.start, ends.at(0)] : ends.slice(-2);
  context.machine.log.decides(context.pipe, args.at(-1) ?? null, { from, to });
  return args;
}

/** Where the name is made of a setting, another value may call another template. */
function argumentsOfInclude(given: Given, context: Context): Value[] {
  if (given.rest[0]?.type === "constant") return argumentsOf(given, context);
  const { args, ends } = followed(given, context);
  const [name] = args;
  const [from, to] = ends;
  if (typeof name === "string") context.machine.call.asksForTemplate(name, { from, to });
  return args;
}

/** The arguments, and where the log ended before the first and behind each of those that are not piped. */
function followed({ rest, piped }: Given, context: Context): { args: Value[]; ends: number[] } {
  const { log } = context.machine;
  const ends = [log.mark()];
  const args = rest.map((operand) => {
    const value = operandValue(operand, context);
    ends.push(log.mark());
    return value;
  });
  return { args: [...args, ...piped], ends };
}

function argumentOf(
  operand: Operand,
  context: Context,
  { run, at }: { readonly run: TemplateFunction | undefined; readonly at: number },
): Value {
  if (operand.type === "constant" && run?.takesInt?.(at) === true) return asInt(operand.value);
  const value = operandValue(operand, context);
  if (value === null && isNamed(operand) && run?.takesDict?.(at) === true) {
    throw noTable(operand);
  }
  return value;
}

/** Go takes a nil for a table, but not what was looked up by a name and is nil. */
function isNamed(operand: Operand): operand is Named {
  return "names" in operand && operand.names.length > 0;
}

function operandValue(operand: Operand, context: Context): Value {
  switch (operand.type) {
    case "dot":
      return context.scope.dot;
    case "nil":
      return null;
    case "constant":
      return operand.value;
    case "function":
      return functionValue(operand.name, NOTHING_GIVEN, context);
    case "pipe":
      context.machine.call.budget.step();
      return evaluatePipe(operand, context.scope, context.machine);
    default:
      return chainValue(operand, NOTHING_GIVEN, context);
  }
}

const NOTHING_GIVEN: Given = { rest: [], piped: NOTHING };

type Named = Extract<Operand, { type: "field" | "variable" | "chain" }>;

/** Follows the names of `.a.b`, `$x.a` or `(…).a`; a method at the end takes the arguments. */
function chainValue(operand: Named, given: Given, context: Context): Value {
  const { names } = operand;
  const { call, log } = context.machine;
  const before = log.mark();
  let value = baseValue(operand, context);
  log.calls(context.start);
  if (value === null) {
    // Go knows no field of a nil that a pipeline gave, and answers nil; of a nil field it complains.
    log.looksBelow(before, names);
    return null;
  }
  for (let index = 0; index < names.length; index++) {
    const name = names[index] ?? "";
    if (value === null) log.looksBelow(before, names.slice(index));
    const method = methodOf(value, name);
    const args = index === names.length - 1 ? argumentsOf(given, context) : NOTHING;
    if (method !== undefined) value = method(args, call);
    else if (args.length > 0) throw notCallable(name, value);
    else value = fieldOf(value, name, call);
  }
  return value;
}

function notCallable(name: string, receiver: Value): TemplateError {
  return new TemplateError(`${name} of ${typeOf(receiver)} has arguments but is no function`);
}

function baseValue(operand: Named, context: Context): Value {
  if (operand.type === "field") return context.scope.dot;
  if (operand.type === "chain") return operandValue(operand.base, context);
  const variable = context.scope.variables.get(operand.name);
  context.machine.log.addLooked(variable.looked);
  return variable.value;
}
