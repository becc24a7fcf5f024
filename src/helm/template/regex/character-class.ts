import type { PatternReader } from "./pattern-reader.ts";

/** What `(?ims)` switches. */
export interface Flags {
  readonly fold: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}

type Test = (character: string) => boolean;

const NAMED: Readonly<Record<string, RegExp>> = {
  d: /[0-9]/,
  w: /[0-9A-Za-z_]/,
  s: /[\t\n\f\r ]/,
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  ascii: /[^\u0080-\uffff]/,
  blank: /[\t ]/,
  cntrl: /\p{Cc}/u,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t\n\v\f\r ]/,
  upper: /[A-Z]/,
  word: /[0-9A-Za-z_]/,
  xdigit: /[0-9A-Fa-f]/,
};

const CONTROL: Readonly<Record<string, string>> = {
  a: "\x07",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Characters from `low` to `high`. */
export function classOf([low, high]: readonly [string, string], fold: boolean): Test {
  const inRange: Test = (one) => codeOf(one) >= codeOf(low) && codeOf(one) <= codeOf(high);
  return fold ? (one) => inRange(one.toLowerCase()) || inRange(one.toUpperCase()) : inRange;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** What stands behind a backslash. */
export function escapeClass(reader: PatternReader, fold: boolean): Test {
  const named = reader.match(/([dwsDWS])/y)?.[1];
  if (named !== undefined)
    return inverted(testOf(named.toLowerCase()), named !== named.toLowerCase());
  const unicode = reader.match(/([pP])(?:\{(\^?)(\w+)\}|(\w))/y);
  if (unicode !== undefined) return unicodeClass(unicode, reader);
  const character = escapedCharacter(reader);
  return classOf([character, character], fold);
}

function testOf(name: string): Test {
  const pattern = NAMED[name];
  return (one) => pattern?.test(one) === true;
}

function inverted(test: Test, invert: boolean): Test {
  return invert ? (one) => !test(one) : test;
}

function unicodeClass(found: RegExpExecArray, reader: PatternReader): Test {
  const [, kind, caret = "", braced, bare] = found;
  const name = braced ?? bare ?? "";
  for (const property of [name, `Script=${name}`]) {
    try {
      const pattern = new RegExp(`^\\p{${property}}$`, "u");
      return inverted((one) => pattern.test(one), (kind === "P") !== (caret === "^"));
    } catch {
      // Not a property of that name; the next form may be one.
    }
  }
  throw reader.error(`${JSON.stringify(name)} is no character class`);
}

function escapedCharacter(reader: PatternReader): string {
  const hex = reader.match(/x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/y);
  if (hex !== undefined) return codePoint(Number.parseInt(hex[1] ?? hex[2] ?? "0", 16), reader);
  const octal = reader.match(/[0-7]{3}/y);
  if (octal !== undefined) return codePoint(Number.parseInt(octal[0], 8), reader);
  const character = reader.next();
  return CONTROL[character] ?? character;
}

function codePoint(code: number, reader: PatternReader): string {
  if (code > 0x10ffff) throw reader.error("there is no such character");
  return String.fromCodePoint(code);
}

/** A class in brackets, whose first bracket is taken. */
export function readClass(reader: PatternReader, { fold }: Flags): Test {
  const invert = reader.take("^");
  const tests: Test[] = [];
  for (let first = true; first || !reader.take("]"); first = false) {
    if (reader.done) throw reader.error("a bracket is not closed");
    tests.push(member(reader, fold));
  }
  return inverted((one) => tests.some((test) => test(one)), invert);
}

function member(reader: PatternReader, fold: boolean): Test {
  const posix = reader.match(/\[:(\^?)(\w+):\]/y);
  if (posix !== undefined) return inverted(testOf(posix[2] ?? ""), posix[1] === "^");
  const low = endpoint(reader, fold);
  if (typeof low === "function") return low;
  if (!reader.at("-") || reader.at("-]")) return classOf([low, low], fold);
  reader.take("-");
  const high = endpoint(reader, fold);
  if (typeof high === "function" || codeOf(high) < codeOf(low))
    throw reader.error("a range is wrong");
  return classOf([low, high], fold);
}

function endpoint(reader: PatternReader, fold: boolean): string | Test {
  if (!reader.take("\\")) return reader.next();
  return /[dwsDWSpP]/.test(reader.peek()) ? escapeClass(reader, fold) : escapedCharacter(reader);
}
