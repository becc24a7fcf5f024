import { classOf, escapeClass, readClass, type Flags } from "./character-class.ts";
import { PatternReader } from "./pattern-reader.ts";
import type { Assertion, ParsedPattern, Pattern, Range } from "./regex-syntax.ts";

/** RE2's own limit for `{n}`. */
const MAX_REPEAT = 1000;

const MAX_GROUPS_DEEP = 50;

/**
 * Parses a regular expression of Go.
 * https://github.com/google/re2/wiki/Syntax
 * @throws TemplateError
 */
export function parseRegex(source: string): ParsedPattern {
  const parser = new Parser(source);
  return { pattern: parser.whole(), groups: parser.groups };
}

class Parser {
  readonly groups: string[] = ["0"];
  readonly #reader: PatternReader;
  #flags: Flags = { fold: false, multiline: false, dotAll: false };
  #depth = 0;

  constructor(source: string) {
    this.#reader = new PatternReader(source);
  }

  whole(): Pattern {
    const pattern = this.#choice();
    if (!this.#reader.done) throw this.#reader.error("a parenthesis is not opened");
    return pattern;
  }

  #choice(): Pattern {
    const parts = [this.#sequence()];
    while (this.#reader.take("|")) parts.push(this.#sequence());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: "choice", parts };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    while (!this.#reader.done && !this.#reader.at("|") && !this.#reader.at(")")) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { type: "sequence", parts };
  }

  #repeated(part: Pattern): Pattern {
    let result = part;
    for (let range = this.#range(); range !== undefined; range = this.#range()) {
      result = { type: "repeat", part: result, range };
    }
    return result;
  }

  #range(): Range | undefined {
    const reader = this.#reader;
    const found = this.#bounds();
    return found === undefined ? undefined : { ...found, lazy: reader.take("?") };
  }

  #bounds(): { min: number; max: number } | undefined {
    const reader = this.#reader;
    if (reader.take("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (reader.take("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (reader.take("?")) return { min: 0, max: 1 };
    const [, low, comma, high = ""] = reader.match(/\{(\d+)(?:(,)(\d*))?\}/y) ?? [];
    if (low === undefined) return undefined;
    const min = Number(low);
    const last = high === "" ? Number.POSITIVE_INFINITY : Number(high);
    return this.#checked({ min, max: comma === undefined ? min : last });
  }

  #checked(bounds: { min: number; max: number }): { min: number; max: number } {
    const { min, max } = bounds;
    const tooMany = min > MAX_REPEAT || (Number.isFinite(max) && max > MAX_REPEAT);
    if (tooMany || max < min) throw this.#reader.error("a repeat count is not allowed");
    return bounds;
  }

  #atom(): Pattern {
    const reader = this.#reader;
    if (reader.take("(")) return this.#group();
    if (reader.take("[")) return { type: "one", test: readClass(reader, this.#flags) };
    if (reader.take("."))
      return { type: "one", test: this.#flags.dotAll ? () => true : (one) => one !== "\n" };
    if (reader.take("^")) return this.#assert(this.#flags.multiline ? "lineStart" : "start");
    if (reader.take("$")) return this.#assert(this.#flags.multiline ? "lineEnd" : "end");
    if (reader.take("\\")) return this.#escape();
    if (/[*+?]/.test(reader.peek())) throw reader.error("there is nothing to repeat");
    return this.#literal(reader.next());
  }

  #assert(kind: Assertion): Pattern {
    return { type: "assert", kind };
  }

  #literal(character: string): Pattern {
    return { type: "one", test: classOf([character, character], this.#flags.fold) };
  }

  #escape(): Pattern {
    const reader = this.#reader;
    const quoted = reader.match(/Q([^]*?)(?:\\E|$)/y);
    if (quoted !== undefined) {
      const parts = Array.from(quoted[1] ?? "", (one) => this.#literal(one));
      return { type: "sequence", parts };
    }
    if (reader.take("A")) return this.#assert("start");
    if (reader.take("z")) return this.#assert("end");
    if (reader.take("b")) return this.#assert("boundary");
    if (reader.take("B")) return this.#assert("noBoundary");
    return { type: "one", test: escapeClass(reader, this.#flags.fold) };
  }

  #group(): Pattern {
    const reader = this.#reader;
    if (++this.#depth > MAX_GROUPS_DEEP) throw reader.error("groups nest too deep");
    const outer = this.#flags;
    const index = this.#groupIndex();
    if (index === "flags") {
      this.#depth--;
      return { type: "empty" };
    }
    const part = this.#choice();
    if (!reader.take(")")) throw reader.error("a parenthesis is not closed");
    this.#flags = outer;
    this.#depth--;
    return index === undefined ? part : { type: "group", part, index };
  }

  /** Undefined for a group that is not kept; `flags` for `(?i)`, which is none at all. */
  #groupIndex(): number | "flags" | undefined {
    const reader = this.#reader;
    const named = reader.match(/\?P?<(\w+)>/y);
    if (named !== undefined) return this.groups.push(named[1] ?? "") - 1;
    const flags = reader.match(/\?([imsU]*)(?:-([imsU]+))?([:)])/y);
    if (flags === undefined) {
      if (reader.at("?")) throw reader.error("a group of this kind is not known");
      return this.groups.push(String(this.groups.length)) - 1;
    }
    const [, on = "", off = "", end] = flags;
    const flag = (letter: string, before: boolean): boolean =>
      (before || on.includes(letter)) && !off.includes(letter);
    this.#flags = {
      fold: flag("i", this.#flags.fold),
      multiline: flag("m", this.#flags.multiline),
      dotAll: flag("s", this.#flags.dotAll),
    };
    return end === ")" ? "flags" : undefined;
  }
}
