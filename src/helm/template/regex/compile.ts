import { TemplateError } from "../template-error.ts";
import type { Assertion, Pattern, Range } from "./regex-syntax.ts";

/** One step of a compiled expression. */
export type Instruction =
  | { readonly op: "one"; readonly test: (character: string) => boolean }
  | { readonly op: "assert"; readonly kind: Assertion }
  /** Try `first`, then `second`. */
  | { readonly op: "split"; first: number; second: number }
  | { readonly op: "jump"; to: number }
  | { readonly op: "save"; readonly slot: number }
  | { readonly op: "done" };

/** Repeats of repeats multiply; RE2 has a limit too. */
const MAX_INSTRUCTIONS = 20_000;

/** @throws TemplateError */
export function compilePattern(pattern: Pattern): readonly Instruction[] {
  const program: Instruction[] = [];
  emit(pattern, program);
  program.push({ op: "done" });
  return program;
}

function emit(pattern: Pattern, program: Instruction[]): void {
  if (program.length > MAX_INSTRUCTIONS)
    throw new TemplateError("a regular expression is too large");
  switch (pattern.type) {
    case "empty":
      return;
    case "one":
      program.push({ op: "one", test: pattern.test });
      return;
    case "assert":
      program.push({ op: "assert", kind: pattern.kind });
      return;
    case "sequence":
      for (const part of pattern.parts) emit(part, program);
      return;
    case "choice":
      emitChoice(pattern.parts, program);
      return;
    case "repeat":
      emitRepeat(pattern.part, pattern.range, program);
      return;
    case "group":
      program.push({ op: "save", slot: pattern.index * 2 });
      emit(pattern.part, program);
      program.push({ op: "save", slot: pattern.index * 2 + 1 });
  }
}

function emitChoice(parts: readonly Pattern[], program: Instruction[]): void {
  const ends: { op: "jump"; to: number }[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) {
      emit(part, program);
      break;
    }
    const split = { op: "split" as const, first: program.length + 1, second: 0 };
    program.push(split);
    emit(part, program);
    const end = { op: "jump" as const, to: 0 };
    program.push(end);
    ends.push(end);
    split.second = program.length;
  }
  for (const end of ends) end.to = program.length;
}

function emitRepeat(part: Pattern, { min, max, lazy }: Range, program: Instruction[]): void {
  for (let count = 0; count < min; count++) emit(part, program);
  if (max === Number.POSITIVE_INFINITY) {
    const start = program.length;
    const split = openSplit(program);
    emit(part, program);
    program.push({ op: "jump", to: start });
    closeSplit(split, { start, end: program.length, lazy });
    return;
  }
  const splits: { split: Split; start: number }[] = [];
  for (let count = min; count < max; count++) {
    splits.push({ start: program.length, split: openSplit(program) });
    emit(part, program);
  }
  for (const { split, start } of splits) closeSplit(split, { start, end: program.length, lazy });
}

interface Split {
  readonly op: "split";
  first: number;
  second: number;
}

function openSplit(program: Instruction[]): Split {
  const split: Split = { op: "split", first: 0, second: 0 };
  program.push(split);
  return split;
}

function closeSplit(split: Split, at: { start: number; end: number; lazy: boolean }): void {
  split.first = at.lazy ? at.end : at.start + 1;
  split.second = at.lazy ? at.start + 1 : at.end;
}
