import type { Operand } from "./ast.ts";
import type { Call, TemplateFunction } from "./signature.ts";
import { TemplateError } from "./template-error.ts";
import { isList, type Value } from "./value.ts";

interface Calling {
  readonly call: Call;
  /** What the argument at a place is written as. */
  readonly sourceOf: (at: number) => Operand | undefined;
}

/** Calls a function; what it cannot use is named where that was nil. */
export function callFunction(
  run: TemplateFunction,
  args: readonly Value[],
  { call, sourceOf }: Calling,
): Value {
  try {
    return charged(run, args, call);
  } catch (error) {
    const isPlain = error instanceof TemplateError && error.name === "TemplateError";
    const at = args.indexOf(null);
    if (!isPlain || at === -1) throw error;
    const source = sourceOf(at);
    const name = source === undefined ? undefined : nameOf(source);
    if (name === undefined || error.reason.includes(name)) throw error;
    throw new TemplateError(`${error.reason}: ${name} has no value`);
  }
}

/** As the template writes it: `.Values.image.tag`. */
function nameOf(operand: Operand): string | undefined {
  if (operand.type !== "field" && operand.type !== "variable") return undefined;
  const base = operand.type === "variable" ? operand.name : "";
  return operand.names.length === 0 ? undefined : [base, ...operand.names].join(".");
}

/** Characters that count as one step of work. */
const CHARACTERS_PER_STEP = 64;

/** Calls a function and pays for the length of what goes in and comes out. */
function charged(run: TemplateFunction, args: readonly Value[], call: Call): Value {
  for (const arg of args) call.budget.step(workOf(arg));
  const result = run(args, call);
  if (typeof result === "string") call.budget.text(result.length);
  else call.budget.step(workOf(result));
  return result;
}

function workOf(value: Value): number {
  if (typeof value === "string") return Math.ceil(value.length / CHARACTERS_PER_STEP);
  return typeof value === "object" && isList(value) ? value.length : 0;
}

/** An error with the name of the function that it comes from. */
export function calling(error: unknown, name: string): unknown {
  const plain = error instanceof TemplateError && error.name === "TemplateError";
  return plain && !error.reason.startsWith("error calling")
    ? new TemplateError(`error calling ${name}: ${error.reason}`)
    : error;
}
