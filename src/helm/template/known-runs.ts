import type { Define } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { changesOfShared } from "./contents.ts";
import { givenOf, isSame, signOf, type Given } from "./given.ts";
import { hold } from "./lookup.ts";
import type { Lookups, Noted } from "./lookups.ts";
import type { Problem } from "./problem.ts";
import type { Looked, ReadLog } from "./read-log.ts";
import { isShared } from "./origins.ts";
import { BudgetError } from "./template-error.ts";
import { integerOf, isList, type Dict, type Value } from "./value.ts";
import { repeatWrites } from "./writes.ts";

/** What is kept of a run, and all that it depended on. */
interface KeptRun extends Noted {
  /** What keeping it takes of the memory for runs. */
  readonly weight: number;
  /** When it was asked last whether it depends on nothing but what is there, and whether that is so. */
  asked?: { readonly at: number; readonly holds: boolean };
}

/** What a named template printed. */
interface Run extends KeptRun {
  readonly given: Given;
  readonly text: string;
  /** Undefined if nobody wanted to know. */
  readonly looked: Looked | undefined;
}

/** A whole file that was printed. */
interface FileRun<T> extends KeptRun {
  readonly printed: T;
}

/** The evaluation that a run is a part of. */
interface Around {
  readonly budget: Budget;
  readonly lookups: Lookups;
  readonly log: ReadLog;
  readonly onProblem: (problem: Problem) => void;
}

/** The evaluation of a whole file. */
interface FileEvaluation {
  readonly budget: Budget;
  changes(dict: Dict, key: string): void;
}

/** Ways in which a file or a named template with the same data ended, with other settings. */
const MAX_RUNS = 12;
/** What is kept of one chart, counted in lookups of some 64 bytes. */
const MAX_WEIGHT = 1_000_000;
/** What a run takes that looked nothing up and printed nothing. */
const LEAST_WEIGHT = 8;
const CHARACTERS_PER_LOOKUP = 64;

/** What is left to keep runs in, of one chart with all sets of values. */
export class RunsMemory {
  #left = MAX_WEIGHT;

  /** False if there is no place for it. */
  takes({ weight }: KeptRun): boolean {
    if (this.#left < weight) return false;
    this.#left -= weight;
    return true;
  }

  gives(run: KeptRun | undefined): void {
    this.#left += run?.weight ?? 0;
  }
}

function weightOf({ lookups, writes }: Noted, text: string): number {
  return (
    LEAST_WEIGHT + lookups.length + writes.length + Math.ceil(text.length / CHARACTERS_PER_LOOKUP)
  );
}

/** Lookups that are compared for one step of work. */
const LOOKUPS_PER_STEP = 16;

/**
 * What templates printed in earlier renderings of one chart. A template need not run again where it
 * is given the same and everything that it looked up is as it was: most settings leave most files
 * untouched, and most of what a touched file calls.
 *
 * What a file changes in tables that others see is done once more; a named template that changes them
 * runs again. Whoever watches has to know already all that there is to see in a run: runs belong to
 * one watcher.
 */
export class KnownRuns<T extends { readonly text: string; readonly noted: Noted | undefined }> {
  readonly #files = new Map<object, FileRun<T>[]>();
  readonly #named = new Map<Define, Map<unknown, Run[]>>();
  readonly #memory: RunsMemory;

  constructor(memory: RunsMemory) {
    this.#memory = memory;
  }

  /** What `run` prints of a file, or printed when everything was as it is now. */
  printFile(file: object, evaluation: FileEvaluation, run: () => T): T {
    const { budget } = evaluation;
    const runs = this.#files.get(file) ?? [];
    this.#files.set(file, runs);
    const known = takeFirst(runs, isAsThen);
    if (known !== undefined && isPaid(known, budget)) {
      repeatWrites(known.writes, (dict, key) => evaluation.changes(dict, key));
      return known.printed;
    }
    const printed = run();
    const { noted } = printed;
    if (noted === undefined) return printed;
    const weight = weightOf(noted, printed.text);
    this.#keep(runs, { ...noted, weight, printed }, MAX_RUNS);
    return printed;
  }

  /** What `run` prints of a named template that is given `data`. */
  print(template: Define, data: Value, around: Around & { readonly run: () => string }): string {
    const { budget, lookups, log, run, onProblem } = around;
    const isKnownByItself = data instanceof Map ? isShared(data) : !isList(data);
    // Integers are objects, and each calculation makes another.
    const runs = this.#runsOf(template, isKnownByItself ? (integerOf(data) ?? data) : signOf(data));
    const known = takeFirst(
      runs,
      (one) =>
        (one.looked !== undefined || !log.active) &&
        !isKnownToDiffer(one) &&
        isSame(one.given.kept, data) &&
        isAsThen(one),
    );
    if (known !== undefined) {
      budget.step(costOf(known));
      lookups.repeat(known);
      if (known.looked !== undefined) log.addLooked(known.looked);
      for (const problem of known.problems) onProblem(problem);
      return known.text;
    }
    const given = givenOf(data);
    if (given === undefined) return run();
    const mark = log.marks();
    lookups.begin(given.tables);
    let noted: Noted | undefined;
    let text: string;
    try {
      text = run();
    } finally {
      noted = lookups.end(() => isSame(given.kept, data));
    }
    const looked = log.active ? log.since(mark) : undefined;
    if (noted === undefined || wantsOthers(noted, looked)) return text;
    const weight = weightOf(noted, text);
    this.#keep(runs, { ...noted, weight, given, text, looked }, MAX_RUNS);
    return text;
  }

  #runsOf(template: Define, key: unknown): Run[] {
    const byData = this.#named.get(template) ?? new Map<unknown, Run[]>();
    this.#named.set(template, byData);
    const runs = byData.get(key) ?? [];
    byData.set(key, runs);
    return runs;
  }

  #keep<R extends KeptRun>(runs: R[], run: R, most: number): void {
    if (runs.length >= most) this.#memory.gives(runs.pop());
    if (this.#memory.takes(run)) runs.unshift(run);
  }
}

/** True if everything that the run looked up is as it was. */
function isAsThen(run: KeptRun): boolean {
  const at = changesOfShared();
  if (run.asked?.at !== at) run.asked = { at, holds: hold(run.lookups) };
  return run.asked.holds;
}

function isKnownToDiffer({ asked }: KeptRun): boolean {
  return asked?.holds === false && asked.at === changesOfShared();
}

/** True if the chart requires a setting there that was looked at before the template was called. */
function wantsOthers({ problems }: Noted, looked: Looked | undefined): boolean {
  if (looked === undefined) return false;
  const isOwn = (path: Problem["path"]): boolean =>
    path === undefined || looked.reads.some((read) => read.path === path);
  return !problems.every(({ path }) => isOwn(path));
}

/** The first that fits, which is looked at first the next time too. */
function takeFirst<R>(runs: R[], fits: (run: R) => boolean): R | undefined {
  const at = runs.findIndex(fits);
  const found = runs[at];
  if (found === undefined || at === 0) return found;
  runs.splice(at, 1);
  runs.unshift(found);
  return found;
}

/** False if the budget is spent, which the run says that then takes place. */
function isPaid(run: Noted, budget: Budget): boolean {
  try {
    budget.step(costOf(run));
    return true;
  } catch (error) {
    if (error instanceof BudgetError) return false;
    throw error;
  }
}

function costOf({ lookups, writes }: Noted): number {
  return 1 + Math.ceil((lookups.length + writes.length) / LOOKUPS_PER_STEP);
}
