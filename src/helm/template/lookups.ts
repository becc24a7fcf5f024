import { contentsOf, isMade, type Contents } from "./contents.ts";
import type { Lookup } from "./lookup.ts";
import { isShared, madeOf } from "./origins.ts";
import type { Problem } from "./problem.ts";
import { isList, type Dict, type Value } from "./value.ts";
import { Writes, type Write } from "./writes.ts";

/** All that a template depended on beside what it was given. */
export interface Noted {
  readonly lookups: readonly Lookup[];
  readonly asksVersion: boolean;
  /** What in it could not be evaluated, or is a value that the chart refused. */
  readonly problems: readonly Problem[];
  /** What it changed in tables that templates share. */
  readonly writes: readonly Write[];
}

/** A template in the middle of its run. */
interface Frame {
  readonly start: number;
  /** Tables that it was given and that no other template sees. */
  readonly given: ReadonlySet<Dict>;
  /** Of a whole file: what it changes for others. What is only a part of one is lost when it does. */
  readonly writes: Writes | undefined;
  readonly problems: Problem[];
  asksVersion: boolean;
  /** It changed a table that it was given, and may have put it back. */
  changesGiven: boolean;
  isLost: boolean;
}

/** Problems that are noted of one template; whoever has more runs every time. */
const MAX_PROBLEMS = 50;

/** Entries of one value that are noted; whoever takes more is run every time. */
const MAX_WHOLE = 2000;

/** Lookups that are noted of one file, what it calls included; whoever looks up more runs every time. */
const MAX_NOTED = 200_000;

/** Lookups from which on equal ones are left out. */
const MANY = 24;

/**
 * Notes what templates look up in shared tables while they run: values, and what all templates are
 * given. Everything else that they see they were handed or have made themselves.
 */
export class Lookups {
  #all: Lookup[] = [];
  readonly #frames: Frame[] = [];
  /** By table: the round of leaving out in which each of its lookups was met last. */
  readonly #seen = new Map<Dict, Map<string | Contents | number, number>>();
  #round = 0;
  #asksVersion = false;
  /** There were more lookups than are noted. */
  #isFull = false;

  /** True once something asked which version the cluster has. */
  get asksVersion(): boolean {
    return this.#asksVersion;
  }

  /** `given`: what a named template is handed; a whole file is handed nothing of its own. */
  begin(given?: ReadonlySet<Dict>): void {
    const start = this.#all.length;
    const writes = given === undefined ? new Writes() : undefined;
    const nothingYet = { asksVersion: false, changesGiven: false, isLost: false };
    this.#frames.push({ start, given: given ?? new Set(), writes, problems: [], ...nothingYet });
  }

  /**
   * Undefined if the run depended on more than can be told, or did more than print. `isAsGiven` says
   * whether what it was given is at its end what it was before.
   */
  end(isAsGiven = () => true): Noted | undefined {
    const frame = this.#frames.pop();
    if (frame === undefined) return undefined;
    const all = this.#takeFrom(frame.start);
    const { asksVersion, problems, writes: changes } = frame;
    const writes = changes === undefined ? [] : changes.kept();
    const isLost = frame.isLost || (frame.changesGiven && !isAsGiven());
    if (isLost || writes === undefined) return undefined;
    return { lookups: changes?.outside(all) ?? all, asksVersion, problems, writes };
  }

  /** All lookups from `start` on, which whatever runs around it has looked up too. */
  #takeFrom(start: number): Lookup[] {
    if (this.#all.length - start > MANY) this.#leaveOutRepeated(start);
    const all = this.#all.slice(start);
    if (this.#frames.length === 0) {
      this.#all = [];
      this.#isFull = false;
    }
    return all;
  }

  /** Notes for whatever runs around it what a known run depended on. */
  repeat({ lookups, asksVersion, problems }: Noted): void {
    if (asksVersion) this.askedVersion();
    for (const problem of problems) this.failed(problem);
    if (!this.#isNoting()) return;
    for (const lookup of lookups) this.#all.push(lookup);
  }

  lookedUp(dict: Dict, key: string): void {
    if (!this.#isNoting() || !isShared(dict)) return;
    const value = dict.get(key);
    this.#all.push({ dict, key, value, made: madeOf(dict, key) });
    if (typeof value === "object" && value !== null && isMade(value)) this.#sawMade(dict);
  }

  /** It matters how many entries there are. */
  counted(value: Value): void {
    if (!this.#isNoting() || !(value instanceof Map) || !isShared(value)) return;
    this.#all.push({ dict: value, key: undefined, held: value.size });
  }

  /** The entries are gone through, but not what is in them. */
  wentThrough(value: Value): void {
    if (!this.#isNoting() || !(value instanceof Map) || !isShared(value)) return;
    const held = contentsOf(value);
    this.#all.push({ dict: value, key: undefined, held });
    if (held.holdsMade) this.#sawMade(value);
  }

  /** A table in `dict` may change unnoticed, which is a file's own doing where it has put it there. */
  #sawMade(dict: Dict): void {
    for (const frame of this.#frames) frame.isLost ||= frame.writes?.changed(dict) !== true;
  }

  /** Something takes it with everything in it. */
  tookWhole(value: Value): void {
    if (typeof value !== "object" || value === null || !this.#isNoting()) return;
    let left = MAX_WHOLE;
    const take = (one: Value): void => {
      if (typeof one !== "object" || one === null || left-- < 0) return;
      this.wentThrough(one);
      if (one instanceof Map) for (const item of one.values()) take(item);
      else if (isList(one)) for (const item of one) take(item);
    };
    take(value);
    if (left < 0) this.lose();
  }

  /** To be told before an entry changes. Changes to what a run made itself concern nobody else. */
  changed(dict: Dict, key: string): void {
    const isOfAll = isShared(dict);
    for (const frame of this.#frames) {
      if (!isOfAll) frame.changesGiven ||= frame.given.has(dict);
      else if (frame.writes === undefined) frame.isLost = true;
      else frame.writes.note(dict, key);
    }
  }

  askedVersion(): void {
    this.#asksVersion = true;
    for (const frame of this.#frames) frame.asksVersion = true;
  }

  failed(problem: Problem): void {
    for (const frame of this.#frames) {
      if (frame.problems.length < MAX_PROBLEMS) frame.problems.push(problem);
      else frame.isLost ||= frame.writes === undefined;
    }
  }

  /** Nothing can be told of what runs now. */
  lose(): void {
    for (const frame of this.#frames) frame.isLost = true;
  }

  /** False if nobody wants to know, or nothing can be told any more since it was too much. */
  #isNoting(): boolean {
    if (this.#frames.length === 0) return false;
    this.#isFull ||= this.#all.length >= MAX_NOTED;
    if (this.#isFull) this.lose();
    return !this.#isFull;
  }

  #leaveOutRepeated(start: number): void {
    const round = ++this.#round;
    let end = start;
    for (let at = start; at < this.#all.length; at++) {
      const lookup = this.#all[at];
      if (lookup === undefined) continue;
      const rounds = this.#roundsOf(lookup.dict);
      const what = lookup.key ?? lookup.held;
      if (rounds.get(what) === round) continue;
      rounds.set(what, round);
      this.#all[end++] = lookup;
    }
    this.#all.length = end;
  }

  #roundsOf(dict: Dict): Map<string | Contents | number, number> {
    const known = this.#seen.get(dict);
    if (known !== undefined) return known;
    const rounds = new Map<string | Contents | number, number>();
    this.#seen.set(dict, rounds);
    return rounds;
  }
}
