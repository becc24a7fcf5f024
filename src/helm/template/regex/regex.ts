import { compilePattern, type Instruction } from "./compile.ts";
import { parseRegex } from "./regex-parser.ts";
import { TemplateError } from "../template-error.ts";
import type { Assertion } from "./regex-syntax.ts";

export interface Match {
  readonly start: number;
  readonly end: number;
  /** What each group matched, by number and by name. */
  readonly groups: ReadonlyMap<string, string>;
}

/** Pattern times text, for one match. */
const MAX_STATES = 1_000_000;

/** Where one attempt stands: the next instruction, the place in the text, the groups so far. */
interface Thread {
  readonly pc: number;
  readonly at: number;
  readonly saved: Saved | undefined;
}

/** Group borders, newest first; attempts share what they have in common. */
interface Saved {
  readonly slot: number;
  readonly at: number;
  readonly before: Saved | undefined;
}

/**
 * A regular expression as Go has it: its time grows with pattern times text and never beyond, which
 * JavaScript's own engine does not promise for a stranger's pattern. `onSteps` counts the work.
 */
export class Regex {
  readonly #program: readonly Instruction[];
  readonly #groups: readonly string[];
  readonly #onSteps: (steps: number) => void;

  /** @throws TemplateError */
  constructor(source: string, onSteps: (steps: number) => void) {
    const { pattern, groups } = parseRegex(source);
    this.#program = compilePattern(pattern);
    this.#groups = groups;
    this.#onSteps = onSteps;
  }

  /** The leftmost match from `from` on; of several the one that Perl would take. */
  find(text: string, from: number): Match | undefined {
    // A state that failed once fails again, wherever the attempt began.
    const failed = new Set<number>();
    for (let start = from; start <= text.length; start += widthAt(text, start)) {
      const end = this.#attempt(text, start, failed);
      if (end !== undefined) return this.#match(text, start, end);
    }
    return undefined;
  }

  /** At most `count` matches, all of them when it is negative. */
  findAll(text: string, count: number): Match[] {
    const matches: Match[] = [];
    let from = 0;
    let lastEnd = -1;
    const wanted = count < 0 ? Number.POSITIVE_INFINITY : count;
    while (from <= text.length && matches.length < wanted) {
      const match = this.find(text, from);
      if (match === undefined) break;
      const isEmpty = match.start === match.end;
      if (!isEmpty || match.start !== lastEnd) matches.push(match);
      lastEnd = match.end;
      from = isEmpty ? match.end + widthAt(text, match.end) : match.end;
    }
    return matches;
  }

  replace(text: string, by: (groups: ReadonlyMap<string, string>) => string): string {
    let result = "";
    let from = 0;
    for (const match of this.findAll(text, -1)) {
      const replacement = by(match.groups);
      this.#onSteps(1 + replacement.length / 64);
      result += text.slice(from, match.start) + replacement;
      from = match.end;
    }
    return result + text.slice(from);
  }

  split(text: string, count: number): string[] {
    if (count === 0) return [];
    const parts: string[] = [];
    let from = 0;
    for (const match of this.findAll(text, -1)) {
      if (count > 0 && parts.length === count - 1) break;
      if (match.end === 0) continue;
      parts.push(text.slice(from, match.start));
      from = match.end;
    }
    return [...parts, text.slice(from)];
  }

  #attempt(text: string, start: number, failed: Set<number>): Thread | undefined {
    const threads: Thread[] = [{ pc: 0, at: start, saved: undefined }];
    for (let thread = threads.pop(); thread !== undefined; thread = threads.pop()) {
      const state = thread.pc * (text.length + 1) + thread.at;
      if (failed.has(state)) continue;
      if (failed.size >= MAX_STATES) throw new TemplateError("a regular expression takes too long");
      failed.add(state);
      this.#onSteps(1);
      const instruction = this.#program[thread.pc];
      if (instruction === undefined || instruction.op === "done") return thread;
      threads.push(...nextThreads(instruction, thread, text));
    }
    return undefined;
  }

  #match(text: string, start: number, { at: end, saved }: Thread): Match {
    const borders = new Map<number, number>();
    for (let one = saved; one !== undefined; one = one.before) {
      if (!borders.has(one.slot)) borders.set(one.slot, one.at);
    }
    const groups = new Map([["0", text.slice(start, end)]]);
    for (const [index, name] of this.#groups.entries()) {
      const [from, to] = [borders.get(index * 2), borders.get(index * 2 + 1)];
      const found = from === undefined || to === undefined ? "" : text.slice(from, to);
      if (index > 0) groups.set(String(index), found).set(name, found);
    }
    return { start, end, groups };
  }
}

/** What to try next, the most wanted last. */
function nextThreads(instruction: Instruction, { pc, at, saved }: Thread, text: string): Thread[] {
  switch (instruction.op) {
    case "one": {
      const width = widthAt(text, at);
      const matches = at < text.length && instruction.test(text.slice(at, at + width));
      return matches ? [{ pc: pc + 1, at: at + width, saved }] : [];
    }
    case "assert":
      return holds(instruction.kind, text, at) ? [{ pc: pc + 1, at, saved }] : [];
    case "split":
      return [
        { pc: instruction.second, at, saved },
        { pc: instruction.first, at, saved },
      ];
    case "jump":
      return [{ pc: instruction.to, at, saved }];
    case "save":
      return [{ pc: pc + 1, at, saved: { slot: instruction.slot, at, before: saved } }];
    default:
      return [];
  }
}

function holds(kind: Assertion, text: string, at: number): boolean {
  switch (kind) {
    case "start":
      return at === 0;
    case "end":
      return at === text.length;
    case "lineStart":
      return at === 0 || text[at - 1] === "\n";
    case "lineEnd":
      return at === text.length || text[at] === "\n";
    case "boundary":
      return isWord(text[at - 1]) !== isWord(text[at]);
    default:
      return isWord(text[at - 1]) === isWord(text[at]);
  }
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /\w/.test(character);
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
