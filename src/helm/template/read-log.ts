import { append } from "../../content/append.ts";
import type { Pipe } from "./ast.ts";
import { partsInPlaceOf } from "./file-names.ts";
import { readBelow, type Read } from "./read.ts";
import type { Value } from "./value.ts";

/** Values that were compared with each other, and what was looked at to get them. */
export interface Comparison {
  readonly values: readonly Value[];
  readonly reads: readonly Read[];
  /** The values are parts of the names of files or templates. */
  readonly ofFiles?: true;
  /** The values are keys of a table, and one of them is asked for. */
  readonly ofKeys?: true;
  /** The value is what the `ternary` in this pipeline was decided by. */
  readonly decides?: Pipe;
}

/** What was looked at while something was evaluated. */
export interface Looked {
  readonly reads: readonly Read[];
  readonly compared: readonly Comparison[];
}

export const LOOKED_AT_NOTHING: Looked = { reads: [], compared: [] };

/**
 * A condition that looks at more than this says nothing about any of it. What a variable looked at
 * is passed on to all that use it, so without an end it would grow with every use.
 */
const MAX_READS = 64;
const MAX_COMPARED = 32;

/** Looks behind one comparison; with more it is no plain one. */
const MAX_BEHIND = 64;

/** Both, as far as anything can be said of them. */
export function joined(one: Looked, other: Looked): Looked {
  if (other.reads.length === 0 && other.compared.length === 0) return one;
  return {
    reads: distinct([...one.reads, ...other.reads], 0),
    compared: [...one.compared, ...other.compared].slice(0, MAX_COMPARED),
  };
}

/** Reads from `start` on, each once. */
function distinct(all: readonly Read[], start: number): readonly Read[] {
  const found = new Set<Read>();
  for (let at = start; at < all.length && found.size < MAX_READS; at++) {
    const read = all[at];
    if (read !== undefined) found.add(read);
  }
  return [...found];
}

/** A part of a log, by `mark`: all before its end, and from its beginning on. */
export interface Span {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** A moment in a log. */
interface Marks {
  readonly reads: number;
  readonly compared: number;
}

/** Notes reads while somebody wants to know, and costs next to nothing otherwise. */
export class ReadLog {
  readonly enabled: boolean;
  #reads: Read[] = [];
  #compared: Comparison[] = [];
  #depth = 0;
  #from = 0;

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  /** The setting that was looked at last. */
  get latest(): Read | undefined {
    return this.#reads.findLast(({ source }) => source === "values");
  }

  get active(): boolean {
    return this.#depth > 0;
  }

  add(reads: readonly Read[]): void {
    if (this.active) append(this.#reads, reads);
  }

  /** Where what is looked at next begins. */
  mark(): number {
    return this.#reads.length;
  }

  /** What was looked at since `mark` came to nothing, of which an entry is asked for. */
  looksBelow(mark: number, names: readonly string[]): void {
    const latest = this.#reads.length > mark ? this.#reads.at(-1) : undefined;
    if (latest?.source === "values" && latest.value === null) {
      this.#reads.push(readBelow(latest, names));
    }
  }

  /** Says that the function called next gets what was looked at since `mark`. */
  calls(mark: number): void {
    this.#from = mark;
  }

  /** Values that the function called last compares. */
  compares(values: readonly Value[]): void {
    if (!this.active) return;
    this.#compared.push({ values, reads: this.#behind() });
  }

  /** A key that the function called last looks up, and all that the table has. */
  picks(key: string, keys: Iterable<string>): void {
    if (!this.active) return;
    this.#compared.push({ values: [key, ...keys], reads: this.#behind(), ofKeys: true });
  }

  /** The value decides on the `ternary` in a pipeline, and this part of the log on the value. */
  decides(pipe: Pipe, value: Value, span: Span): void {
    if (!this.active) return;
    this.#compared.push({ values: [value], reads: this.#within(span), decides: pipe });
  }

  #within({ from, to }: Span): readonly Read[] {
    return distinct(this.#reads.slice(from, to).slice(0, MAX_BEHIND), 0);
  }

  #behind(): readonly Read[] {
    return distinct(this.#reads.slice(this.#from, this.#from + MAX_BEHIND), 0);
  }

  /**
   * A file or template was asked for by `path`, made of what was looked at in `span`: what a setting gives
   * of that may be what other `paths` have in its place.
   */
  names(
    path: string,
    paths: Iterable<string>,
    span: Span = { from: this.#from, to: undefined },
  ): void {
    if (!this.active) return;
    for (const read of this.#within(span)) {
      const others = partsInPlaceOf(read.value, path, paths);
      if (others.length > 0)
        this.#compared.push({ values: [read.value, ...others], reads: [read], ofFiles: true });
    }
  }

  /** What was looked at before, to make a value that is looked at now. */
  addLooked({ reads, compared }: Looked): void {
    if (!this.active) return;
    append(this.#reads, reads);
    append(this.#compared, compared);
  }

  /** Where both lists end now, for `since`. */
  marks(): Marks {
    return { reads: this.#reads.length, compared: this.#compared.length };
  }

  /** What was looked at since has no say in anything. */
  forget({ reads, compared }: Marks): void {
    this.#reads.length = reads;
    this.#compared.length = compared;
  }

  /** What was looked at since; of more than anybody asks for only what could matter to somebody. */
  since({ reads: start, compared }: Marks): Looked {
    const behind = this.#reads.slice(start, start + MAX_BEHIND);
    const rest = this.#reads.slice(start + MAX_BEHIND);
    const latest = rest.findLast(({ source }) => source === "values");
    const reads = [...behind, ...distinct(rest, 0), ...(latest === undefined ? [] : [latest])];
    return { reads, compared: this.#compared.slice(compared, compared + MAX_COMPARED) };
  }

  /** Runs `action`, then tells `done` what it looked at, even if it failed. */
  capture<T>(action: () => T, done: (looked: () => Looked) => void): T {
    if (!this.enabled) return action();
    const reads = this.#reads.length;
    const compared = this.#compared.length;
    this.#depth++;
    try {
      return action();
    } finally {
      this.#depth--;
      done(() => ({
        reads: distinct(this.#reads, reads),
        compared: this.#compared.slice(compared, compared + MAX_COMPARED),
      }));
      if (!this.active) this.#clear();
    }
  }

  #clear(): void {
    this.#reads = [];
    this.#compared = [];
  }
}
