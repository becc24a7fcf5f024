import type { Define } from "./ast.ts";
import type { Budget } from "./budget.ts";
import { givenOf, isSame, type Given } from "./given.ts";
import { hold } from "./lookup.ts";
import type { Lookups, Noted } from "./lookups.ts";
import type { Looked, ReadLog } from "./read-log.ts";
import { isShared } from "./origins.ts";
import { BudgetError } from "./template-error.ts";
import { integerOf, isList, type Dict, type Value } from "./value.ts";
import { repeatWrites } from "./writes.ts";

/** What is kept of a run, and all that it depended on. */
interface KeptRun extends Noted {
  /** What keeping it takes of the memory for runs. */
  readonly weight: number;
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
}

/** The evaluation of a whole file. */
interface FileEvaluation {
  readonly budget: Budget;
  changes(dict: Dict, key: string): void;
}

/** Ways in which a file or a named template with the same data ended, with other settings. */
const MAX_RUNS = 12;
/** The same for all data that only its contents tell apart. */
const MAX_OTHER_RUNS = 48;
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
    const known = takeFirst(runs, (one) => hold(one.lookups));
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
    const { budget, lookups, log, run } = around;
    const isKnownByItself = data instanceof Map ? isShared(data) : !isList(data);
    // Integers are objects, and each calculation makes another.
    const runs = this.#runsOf(template, isKnownByItself ? (integerOf(data) ?? data) : OTHER);
    const known = takeFirst(
      runs,
      (one) =>
        (one.looked !== undefined || !log.active) &&
        isSame(one.given.kept, data) &&
        hold(one.lookups),
    );
    if (known !== undefined) {
      budget.step(costOf(known));
      lookups.repeat(known);
      if (known.looked !== undefined) log.addLooked(known.looked);
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
      noted = lookups.end();
    }
    if (noted === undefined || noted.failed) return text;
    const looked = log.active ? log.since(mark) : undefined;
    const most = isKnownByItself ? MAX_RUNS : MAX_OTHER_RUNS;
    const weight = weightOf(noted, text);
    this.#keep(runs, { ...noted, weight, given, text, looked }, most);
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

/** Stands for all data that only its contents tell apart. */
const OTHER = Symbol("other data");

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
