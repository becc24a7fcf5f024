import type * as RE2 from "re2js";

/** Longer patterns are refused before anything is made of them. */
const MAX_LENGTH = 20_000;

/** A match, as long as its iteration has not gone on. */
export interface Match {
  readonly start: number;
  readonly end: number;
  /** What a group matched, by its number or name; empty where it took no part or there is none. */
  group(name: string): string;
}

/** A pattern that is none. */
export interface BadPattern {
  /** In the words of Go. */
  readonly problem: string;
}

/** Charts use few patterns again and again, and making one ready takes longer than using it. */
const ready = new Map<string, Regex>();

/** Some megabytes each for a hostile one. */
const MAX_READY = 16;

type Engine = Pick<typeof RE2, "RE2JS" | "RE2JSException">;

let loaded: Engine | undefined;

/**
 * What may be in a file that has to do with patterns, and is in none that has not: functions of templates,
 * globs of files, and what a schema says.
 */
const SIGNS = ["egex", ".Glob", '"pattern'];

/** Loads what makes patterns ready, if one of `texts` may ask for it: of three charts one does not. */
export async function loadPatternsFor(texts: Iterable<Buffer | string>): Promise<void> {
  if (loaded !== undefined) return;
  for (const text of texts) if (SIGNS.some((sign) => text.includes(sign))) return loadPatterns();
}

/** Loads what makes patterns ready, which is a fifth of the program: before the first is used. */
export async function loadPatterns(): Promise<void> {
  if (loaded !== undefined) return;
  const { RE2JS: Pattern, RE2JSException } = await import("re2js");
  loaded = { RE2JS: Pattern, RE2JSException };
}

/**
 * Makes a pattern of Go ready for use, or says what is wrong with it. https://github.com/google/re2/wiki/Syntax
 * A chart may hide that it asks for patterns, in a text that is put together when it runs: that is a problem too.
 */
export function compileRegex(pattern: string): Regex | BadPattern {
  const known = ready.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_LENGTH) return { problem: "expression too large" };
  if (loaded === undefined) return { problem: "no file of the chart says that it uses patterns" };
  const { RE2JS: Pattern, RE2JSException } = loaded;
  try {
    const regex = new Regex(Pattern.compile(pattern));
    if (ready.size >= MAX_READY) ready.clear();
    ready.set(pattern, regex);
    return regex;
  } catch (error) {
    if (error instanceof RE2JSException) return { problem: error.message };
    throw error;
  }
}

/** A pattern that matches any text as it stands. https://pkg.go.dev/regexp#QuoteMeta */
export function quoteMeta(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}

/**
 * A regular expression as Go has it: its time grows with pattern times text and never beyond, which
 * JavaScript's own engine does not promise for a stranger's pattern.
 */
export class Regex {
  readonly #compiled: RE2.RE2JS;

  constructor(compiled: RE2.RE2JS) {
    this.#compiled = compiled;
  }

  /** Instructions of the compiled pattern. */
  get size(): number {
    return this.#compiled.programSize();
  }

  /** The most states that finding one match in `text` can go through. */
  workIn(text: string): number {
    return this.size * (text.length + 1);
  }

  /** True if it matches somewhere in `text`. */
  test(text: string): boolean {
    return this.#compiled.test(text);
  }

  /** True if it matches all of `text`. */
  testWhole(text: string): boolean {
    return this.#compiled.testExact(text);
  }

  /** Matches from left to right as Go finds them: an empty one right behind another counts for nothing. */
  *matchesIn(text: string): Generator<Match> {
    const matcher = this.#compiled.matcher(text);
    const group = (name: string): string => this.#group(name, matcher);
    for (let end = -1; matcher.find(); end = matcher.end()) {
      const isEmpty = matcher.start() === matcher.end();
      if (!isEmpty || matcher.start() !== end) {
        yield { start: matcher.start(), end: matcher.end(), group };
      }
    }
  }

  #group(name: string, matcher: RE2.Matcher): string {
    const named = this.#compiled.namedGroups();
    const isNumber = /^(?:0|[1-9]\d*)$/.test(name) && Number(name) <= matcher.groupCount();
    const index = isNumber ? Number(name) : Object.hasOwn(named, name) ? named[name] : undefined;
    return index === undefined ? "" : (matcher.group(index) ?? "");
  }
}
