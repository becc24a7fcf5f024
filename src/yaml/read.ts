import { FAILSAFE_SCHEMA, load, YAMLException, type LoadOptions } from "js-yaml";
import { DrayError } from "../errors.ts";
import { GO_TEXTS, GO_YAML, GoScalar, isMerge, whyNoKey } from "./go-yaml.ts";

/** What a YAML text says, as plain data. */
export type YamlValue = null | string | boolean | number | readonly YamlValue[] | YamlMap;
export type YamlMap = Map<string, YamlValue>;

/** Values in one document, aliases written out: the largest real ones have some 50 000. */
const MAX_VALUES = 500_000;

/** Nesting, which the parser has as its own limit too, but not for what aliases nest. */
const MAX_NESTING = 100;

const SCHEMAS = { go: GO_YAML, goTexts: GO_TEXTS, texts: FAILSAFE_SCHEMA } as const;

/** How a document is read. */
export interface Reading {
  /** What plain scalars are: what they are for Go programs, or where those want texts, or the texts that stand there. */
  readonly scalars: "go" | "goTexts" | "texts";
  /** Makes the error of a reason. */
  readonly fail: (reason: string, cause?: unknown) => DrayError;
  /** A key that stands twice is refused; otherwise the last one wins. @default false */
  readonly uniqueKeys?: boolean;
  /** Values in it, aliases written out. @default 500 000 */
  readonly maxValues?: number;
  /** Called for every value, for whoever counts. */
  readonly onValue?: (() => void) | undefined;
}

/**
 * Reads one YAML document as Go programs do: the last of equal keys wins, keys become strings.
 * `what` names it in errors, `onValue` is called for every value.
 * @throws DrayError `DRAY_YAML_INVALID`
 */
export function readYaml(text: string, what: string, onValue?: () => void): YamlValue {
  return readValue(text, { scalars: "go", fail: failsFor(what), onValue });
}

/** Makes errors about `what`. */
export function failsFor(what: string): Reading["fail"] {
  return (reason, cause) =>
    new DrayError("DRAY_YAML_INVALID", `Cannot read ${what}: ${reason}`, {
      kind: "refused",
      cause,
    });
}

/** The document as plain data, bounded in values and depth. @throws DrayError made by `fail` */
export function readValue(text: string, reading: Reading): YamlValue {
  const { fail, onValue, maxValues = MAX_VALUES } = reading;
  let count = 0;
  const finite = (value: YamlValue): YamlValue => {
    if (typeof value === "number" && !Number.isFinite(value)) throw fail(NO_NUMBER);
    return value;
  };
  const convert = (value: unknown, depth: number): YamlValue => {
    if (++count > maxValues) {
      throw fail(`it has more than ${maxValues} values, aliases written out`);
    }
    if (depth > MAX_NESTING) throw fail(TOO_DEEP);
    onValue?.();
    if (Array.isArray(value)) return value.map((item) => convert(item, depth + 1));
    if (value instanceof GoScalar) return finite(value.value);
    if (typeof value === "object" && value !== null) {
      return toMap(value, { convert: (item) => convert(item, depth + 1), reading });
    }
    return isScalar(value) ? value : null;
  };
  return convert(parse(text, reading), 0);
}

/** The document as the parser makes it, aliases shared. @throws DrayError made by `fail` */
export function parse(text: string, { scalars, fail, uniqueKeys = false }: Reading): unknown {
  const isGo = scalars !== "texts";
  const options = { schema: SCHEMAS[scalars], json: !uniqueKeys };
  const whole = isGo ? firstDocument(text) : text;
  try {
    return load(whole, options);
  } catch (cause) {
    const end = isGo ? endOfDocument(whole, cause) : undefined;
    const begun = end === undefined ? undefined : loaded(whole.slice(0, end), options);
    if (begun === undefined) throw fail(reasonOf(cause, text), cause);
    return begun;
  }
}

/** The table or list that a text holds, undefined if it is something else, or broken. */
function loaded(text: string, options: LoadOptions): object | undefined {
  try {
    const value = load(text, options);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A line that ends a document, behind those that begin it. */
const BETWEEN = /^(?:---|\.\.\.)(?=\s|$)/gm;
const BEFORE = /^(?:[^\S\n]*(?:#.*)?\n|%.*\n)*(?:---(?=\s|$))?/;

/** Go programs read the first document, and nothing behind it. */
function firstDocument(text: string): string {
  if (!/^(?:---|\.\.\.)/m.test(text)) return text;
  BETWEEN.lastIndex = BEFORE.exec(text)?.[0].length ?? 0;
  const end = BETWEEN.exec(text);
  return end === null ? text : text.slice(0, end.index);
}

/**
 * Where a document ended before the text did: further to the left than it began, or behind its last bracket.
 * Go programs do not look at what stands there.
 */
function endOfDocument(text: string, cause: unknown): number | undefined {
  if (!(cause instanceof YAMLException) || !cause.reason.startsWith("end of the stream or a")) {
    return undefined;
  }
  const { mark }: { mark?: { position: number } | undefined } = cause;
  const begin = BEGIN.exec(text.slice(BEFORE.exec(text)?.[0].length));
  if (mark === undefined || begin === null) return undefined;
  const column = mark.position - text.lastIndexOf("\n", mark.position - 1) - 1;
  const [, indent = "", first = ""] = begin;
  return column < indent.length || "[{".includes(first) ? mark.position : undefined;
}

/** The first character that is neither space nor comment, and how far in it stands. */
const BEGIN = /^( *)([^\s#])/m;

const NO_NUMBER = "a number without end, or none (.inf, .nan)";
const TOO_DEEP = `it is nested deeper than ${MAX_NESTING} levels`;

/** What the parser complains of, in the words of who wrote the text. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/duplicated mapping key/, "a duplicated key: it stood there before,"],
  [/tab characters/, "a tab as indentation: use spaces,"],
  [
    /block scalar|chomping|indentation width/,
    "a text behind | or > that is not indented as it says",
  ],
  [/bad indentation/, "an indentation that fits to nothing above it"],
  [
    /multiline key|colon is missed|key node|key-value/,
    "expected `key: value`, found something else",
  ],
  [/arrays are not supported/, "a list in the place of a key"],
  [/unidentified alias/, "an alias (*) of which there is no anchor (&)"],
  [/anchor|alias/, "an anchor (&) or alias (*) that is none"],
  [/merge/, "something behind << that is no table"],
  [/expected a single document/, "expected one document, found several between lines of ---"],
  [/end of the stream or a document separator/, "something behind the end of the document"],
  [/unexpected end|missed comma/, "a bracket, brace or quote that is not closed"],
  [/node content/, "a comma with nothing before it"],
  [/escape sequence|hexadecimal/, "a backslash with something behind it that has no meaning"],
  [/directive/, "a line that begins with % and has no meaning"],
  [/tag/, "a tag (!) that is not known or does not fit"],
  [/cannot start any token|reserved/, "a character that has to stand in quotes"],
  [/line break is expected/, "something where the line should end"],
  [/non-printable|null byte|JSON character/, "characters that are no text"],
];

/** The parser's reason and place without the excerpt that it draws. */
function reasonOf(cause: unknown, text: string): string {
  if (!(cause instanceof YAMLException)) throw cause;
  const { reason, mark }: { reason: string; mark?: { position: number } | undefined } = cause;
  if (reason.startsWith("nesting exceeded")) return TOO_DEEP;
  const words = REASONS.find(([sign]) => sign.test(reason))?.[1] ?? "it is no YAML";
  if (mark === undefined) return words;
  // The parser adds a line break, behind which it may complain.
  const before = text.slice(0, Math.min(mark.position, text.trimEnd().length)).split("\n");
  return `${words} at line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
}

interface Converting {
  readonly convert: (value: unknown) => YamlValue;
  readonly reading: Reading;
}

/** `<<` brings in entries that the mapping itself lacks. https://yaml.org/type/merge.html */
function toMap(mapping: object, { convert, reading }: Converting): YamlMap {
  if (reading.scalars !== "texts") return toGoMap(mapping, { convert, reading });
  const map: YamlMap = new Map();
  for (const [key, value] of Object.entries(mapping)) {
    if (key !== "<<") map.set(key, convert(value));
  }
  if (!Object.hasOwn(mapping, "<<")) return map;
  const merged = convert((mapping as Record<string, unknown>)["<<"]);
  const sources = isSequence(merged) ? merged : [merged];
  for (const source of sources) {
    if (!(source instanceof Map)) continue;
    for (const [key, value] of source) if (!map.has(key)) map.set(key, value);
  }
  return map;
}

/** Go programs put what is merged over the entries before, and under those behind. */
function toGoMap(mapping: object, { convert, reading }: Converting): YamlMap {
  const map: YamlMap = new Map();
  for (const [key, value] of Object.entries(mapping)) {
    if (isMerge(key)) {
      merge(convert(value), map, reading);
      continue;
    }
    const reason = whyNoKey(key);
    if (reason !== undefined) throw reading.fail(reason);
    map.set(key, convert(value));
  }
  return map;
}

/** What stands first wins. */
function merge(merged: YamlValue, into: YamlMap, { fail }: Reading): void {
  const sources = isSequence(merged) ? merged.toReversed() : [merged];
  for (const source of sources) {
    if (!(source instanceof Map)) throw fail("something behind << that is no table");
    for (const [key, value] of source) into.set(key, value);
  }
}

export function isSequence(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
