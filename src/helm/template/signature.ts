import type { Budget } from "./budget.ts";
import type { Lookups } from "./lookups.ts";
import type { Read } from "./read.ts";
import type { Span } from "./read-log.ts";
import { TemplateError } from "./template-error.ts";
import { isList, isTextMap, typeOf, type Dict, type Value } from "./value.ts";

/** What a function may use of the evaluation that calls it. */
export interface Call {
  readonly budget: Budget;
  /** Is told what is looked up in shared tables. */
  readonly lookups: Lookups;
  /** Looks up an entry, so that whoever watches conditions knows of it. */
  read(dict: Dict, key: string): Value;
  /** Says that a function is about to change an entry of `dict`. */
  changes(dict: Dict, key: string): void;
  /** Says which names were followed from `dict` on, of which it does not have the first. */
  lacks(dict: Dict, names: readonly string[]): void;
  /** Says what was asked that no entry of a dictionary answers. */
  asked(read: Read): void;
  /** Says that one of the keys of `dict` was chosen by a value. */
  picked(dict: Dict, key: string): void;
  /** Says that a file was asked for by a path or pattern, of those that there are. */
  asksForFile(path: string, paths: readonly string[]): void;
  /** Says that a template was asked for by a name, made of what was looked at in a part of the log. */
  asksForTemplate(name: string, span: Span): void;
  /** Says that `text` is what a table is printed as. */
  printed(text: string, value: Value): void;
  /** Says that a table was read from `text`. */
  readAgain(text: string, dict: Dict): void;
  /** Says which values were compared with each other. */
  compared(values: readonly Value[]): void;
  /** Runs a named template. */
  include(name: string, data: Value): string;
  /** Runs a text as a template. */
  tpl(text: string, data: Value): string;
  /** Says why the chart refuses the values. */
  refuse(message: string): void;
  /** Says that the chart requires what was looked at last, and the values lack it. */
  require(message: string): void;
}

export interface TemplateFunction {
  (args: readonly Value[], call: Call): Value;
  /** Which arguments, by their place, are whole numbers and nothing else. */
  readonly takesInt?: (at: number) => boolean;
  /** Which arguments are tables. */
  readonly takesDict?: (at: number) => boolean;
}

interface Kinds {
  any: Value;
  string: string;
  bool: boolean;
  int: number;
  dict: Dict;
  list: readonly Value[];
}

type Kind = keyof Kinds;
type Typed<P extends readonly Kind[]> = { [I in keyof P]: Kinds[P[I]] };

/** A function with as many arguments as `params` says. */
export function fn<const P extends readonly Kind[]>(
  params: P,
  run: (args: [...Typed<P>], call: Call) => Value,
): TemplateFunction {
  const checked: TemplateFunction = (args, call) => {
    if (args.length !== params.length) throw wrongCount(args.length, `${params.length}`);
    return run(typed(params, args), call);
  };
  return withTypes(checked, params);
}

/** A function that takes any number of further arguments after `params`. */
export function variadic<const P extends readonly Kind[]>(
  params: P,
  run: (args: [...Typed<P>], rest: readonly Value[], call: Call) => Value,
): TemplateFunction {
  const checked: TemplateFunction = (args, call) => {
    if (args.length < params.length) throw wrongCount(args.length, `at least ${params.length}`);
    return run(typed(params, args), args.slice(params.length), call);
  };
  return withTypes(checked, params);
}

/** A function that takes a table in each place from `start` on. */
export function ofDicts(start: number, run: TemplateFunction): TemplateFunction {
  return Object.assign(run, { takesDict: (at: number) => at >= start });
}

/** A function of any number of whole numbers. */
export function ints(run: (args: readonly number[]) => Value): TemplateFunction {
  const checked: TemplateFunction = (args) => run(args.map(CHECKS.int));
  return Object.assign(checked, { takesInt: () => true });
}

function withTypes(run: TemplateFunction, params: readonly Kind[]): TemplateFunction {
  return Object.assign(run, {
    ...(params.includes("int") && { takesInt: (at: number) => params[at] === "int" }),
    ...(params.includes("dict") && { takesDict: (at: number) => params[at] === "dict" }),
  });
}

function wrongCount(found: number, wanted: string): TemplateError {
  return new TemplateError(`wrong number of arguments: expected ${wanted}, found ${found}`);
}

/** The arguments that `params` asks for, checked. */
function typed<P extends readonly Kind[]>(params: P, args: readonly Value[]): [...Typed<P>] {
  const checked: Value[] = [];
  for (let index = 0; index < params.length; index++) {
    checked.push(CHECKS[params[index] ?? "any"](args[index] ?? null));
  }
  return checked as unknown as [...Typed<P>];
}

const CHECKS: { readonly [K in Kind]: (value: Value) => Kinds[K] } = {
  any: (value) => value,
  int: toIndex,
  string: (value) => (typeof value === "string" ? value : mismatch("string", value)),
  bool: (value) => (typeof value === "boolean" ? value : mismatch("bool", value)),
  list: (value) => (isList(value) ? value : mismatch("list", value)),
  // A nil map is an empty one to whoever reads it.
  dict: (value) =>
    value === null
      ? new Map()
      : value instanceof Map && !isTextMap(value)
        ? value
        : mismatch("dict", value),
};

/** What a function takes as a dictionary. @throws TemplateError */
export const asDict: (value: Value) => Dict = CHECKS.dict;

/** What a function takes as a text. @throws TemplateError */
export const asText: (value: Value) => string = CHECKS.string;

function mismatch(wanted: string, value: Value): never {
  throw new TemplateError(`expected ${wanted}, found ${typeOf(value)}`);
}

/** Go's `int` and nothing else: neither a float, as all numbers of values are, nor an `int64`. */
function toIndex(value: Value): number {
  const index = typeof value === "bigint" ? Number(value) : Number.NaN;
  return Number.isSafeInteger(index) ? index : mismatch("int", value);
}
