import type { Operand } from "./ast.ts";
import type { Call, TemplateFunction } from "./signature.ts";
import { TemplateError } from "./template-error.ts";
import { isList, type Value } from "./value.ts";

/** Characters that count as one step of work. */
const CHARACTERS_PER_STEP = 64;

/** Calls a function and pays for the length of what goes in and comes out. */
export function callFunction(run: TemplateFunction, args: readonly Value[], call: Call): Value {
  const { budget } = call;
  for (const arg of args) budget.step(workOf(arg));
  const result = run(args, call);
  if (typeof result === "string") budget.text(result.length);
  else budget.step(workOf(result));
  return result;
}

function workOf(value: Value): number {
  if (typeof value === "string") return Math.ceil(value.length / CHARACTERS_PER_STEP);
  return typeof value === "object" && isList(value) ? value.length : 0;
}

/** `error`, and where the function could not use a nil, what had no value. */
export function namingNil(
  error: unknown,
  args: readonly Value[],
  sourceOf: (at: number) => Operand | undefined,
): unknown {
  const at = args.indexOf(null);
  if (!isPlain(error) || at === -1) return error;
  const source = sourceOf(at);
  const name = source === undefined ? undefined : nameOf(source);
  if (name === undefined || error.reason.includes(name)) return error;
  return new TemplateError(`${error.reason}: ${name} has no value`);
}

/** What was to be a table, and has no value. */
export function noTable(operand: Operand): TemplateError {
  return new TemplateError(`expected dict, found <nil>: ${nameOf(operand) ?? "it"} has no value`);
}

/** As the template writes it: `.Values.image.tag`. */
function nameOf(operand: Operand): string | undefined {
  if (operand.type !== "field" && operand.type !== "variable") return undefined;
  const base = operand.type === "variable" ? operand.name : "";
  return operand.names.length === 0 ? undefined : [base, ...operand.names].join(".");
}

/** An error with the name of the function that it comes from. */
export function calling(error: unknown, name: string): unknown {
  return isPlain(error) && !error.reason.startsWith("error calling")
    ? new TemplateError(`error calling ${name}: ${error.reason}`)
    : error;
}

/** An error of the template, and neither a refusal nor the end of the budget. */
function isPlain(error: unknown): error is TemplateError {
  return error instanceof TemplateError && error.name === "TemplateError";
}
