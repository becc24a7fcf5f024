import { formatFloat, isTypedScalar } from "../../yaml/go-yaml.ts";
import type { Budget } from "./budget.ts";
import { jsonFields } from "./print.ts";
import { isList, sortedKeys, Struct, type Dict, type Value } from "./value.ts";

/** Columns behind which a text is broken at the next space. */
const BEST_WIDTH = 80;

/** Nesting of what a template writes; a dictionary that holds itself ends here. */
const MAX_NESTING = 100;

interface YamlLayout {
  /** Lists stand further in than what holds them. @default false */
  readonly indentsLists?: boolean;
}

/**
 * Writes a value as sigs.k8s.io/yaml does: keys sorted, lists not indented, long texts as blocks.
 * `budget` pays for it.
 */
export function writeYaml(value: Value, budget: Budget, layout: YamlLayout = {}): string {
  const writer = new Writer(budget, layout);
  writer.block(value, "", 0);
  return writer
    .text()
    .replace(/^[ \n]/, "")
    .replace(/\n$/, "");
}

class Writer {
  readonly #budget: Budget;
  readonly #layout: YamlLayout;
  readonly #pieces: string[] = [];
  /** Of what comes next. */
  #column = 0;

  constructor(budget: Budget, layout: YamlLayout) {
    this.#budget = budget;
    this.#layout = layout;
  }

  text(): string {
    return this.#pieces.join("");
  }

  /** Writes `value` behind whatever precedes it on the line. */
  block(given: Value, indent: string, depth: number): void {
    const value = given instanceof Struct ? inJson(given) : given;
    this.#budget.step();
    if (depth > MAX_NESTING) return this.#put(" null\n");
    if (value instanceof Map && value.size > 0) {
      this.#put("\n");
      this.#entries(value, indent, depth);
    } else if (isList(value) && value.length > 0) {
      this.#put("\n");
      this.#items(value, indent, depth);
    } else {
      this.#put(` ${this.#scalar(value, indent)}\n`);
    }
  }

  #entries(dict: Dict, indent: string, depth: number): void {
    for (const key of sortedKeys(dict)) this.#entry(key, dict.get(key) ?? null, { indent, depth });
  }

  #entry(key: string, value: Value, { indent, depth }: { indent: string; depth: number }): void {
    this.#put(`${indent}${quoted(key)}:`);
    const staysOut = isList(value) && this.#layout.indentsLists !== true;
    const inner = staysOut ? indent : `${indent}  `;
    this.block(value, inner, depth + 1);
  }

  #items(list: readonly Value[], indent: string, depth: number): void {
    for (const one of list) {
      const item = one instanceof Struct ? inJson(one) : one;
      if (item instanceof Map && item.size > 0) this.#dictItem(item, indent, depth);
      else {
        this.#put(`${indent}-`);
        this.block(item, `${indent}  `, depth + 1);
      }
    }
  }

  /** The first entry stands behind the dash. */
  #dictItem(dict: Dict, indent: string, depth: number): void {
    const start = this.#pieces.length;
    this.#entries(dict, `${indent}  `, depth + 1);
    this.#pieces[start] = `${indent}- ${(this.#pieces[start] ?? "").slice(indent.length + 2)}`;
  }

  #scalar(value: Value, indent: string): string {
    if (typeof value === "string") {
      const isLiteral = value.includes("\n") && scalarStyle(value) === "literal";
      if (isLiteral) return literal(value, indent);
      // What stands alone has nothing before it.
      return indent === ""
        ? folded(quoted(value), 0, "  ")
        : folded(quoted(value), this.#column + 1, indent);
    }
    if (value instanceof Map) return "{}";
    if (isList(value)) return "[]";
    if (typeof value === "number") return formatJsonNumber(value);
    if (value === null || value instanceof Struct) return "null";
    return String(value);
  }

  #put(text: string): void {
    this.#budget.text(text.length);
    this.#pieces.push(text);
    const end = text.lastIndexOf("\n");
    this.#column = end === -1 ? this.#column + text.length : text.length - end - 1;
  }
}

/** A struct goes through JSON. */
function inJson(struct: Struct): Value {
  return struct.shown.json ?? new Map(jsonFields(struct));
}

function quoted(text: string): string {
  switch (scalarStyle(text)) {
    case "plain":
      return text;
    case "single":
      return `'${text.replaceAll("'", "''")}'`;
    default:
      return doubleQuoted(text);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\u0085": "\\N",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

function doubleQuoted(text: string): string {
  return `"${text.replace(/["\\]|[^ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/gu, escaped)}"`;
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  const [mark, length] = code.length <= 2 ? ["x", 2] : code.length <= 4 ? ["u", 4] : ["U", 8];
  return ESCAPES[character] ?? `\\${mark}${code.padStart(length, "0")}`;
}

/** A text that begins at `start` goes on in the next line behind the first space where it is too long. */
function folded(text: string, start: number, margin: string): string {
  if (start + text.length <= BEST_WIDTH) return text;
  const pieces: string[] = [];
  let [from, column] = [0, start];
  for (const { index } of text.matchAll(text.startsWith('"') ? FIRST_SPACE : SINGLE_SPACE)) {
    if (column + index - from <= BEST_WIDTH) continue;
    // Spaces at the beginning of a line would be lost.
    const mark = text[index + 1] === " " ? "\\" : "";
    pieces.push(text.slice(from, index), `\n${margin}${mark}`);
    [from, column] = [index + 1, margin.length + mark.length];
  }
  return [...pieces, text.slice(from)].join("");
}

/** Within a text and its quotes; in double quotes more of them may follow. */
const FIRST_SPACE = /(?<!^"?| ) (?!"?$)/g;
const SINGLE_SPACE = /(?<!^'?| ) (?! |'?$)/g;

function literal(text: string, indent: string): string {
  const chomp = text === "\n" || text.endsWith("\n\n") ? "+" : text.endsWith("\n") ? "" : "-";
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const lines = text.replace(/\n$/, "").split("\n");
  const prefix = indent === "" ? "  " : indent;
  return `|${hint}${chomp}\n${lines.map((line) => (line === "" ? "" : prefix + line)).join("\n")}`;
}

/** Numbers go through JSON, which keeps more digits before an exponent than printing does. */
function formatJsonNumber(value: number): string {
  return Math.abs(value) >= 1e21 ? formatFloat(value) : String(value);
}

/**
 * How go-yaml writes a text: as it is where it stays a text, in double quotes where it would become
 * something else, in single quotes where only its characters are in the way. Templates read such
 * texts again, so the choice of quotes matters.
 * https://github.com/yaml/go-yaml/blob/v2.4.0/encode.go, emitterc.go
 */
type ScalarStyle = "plain" | "single" | "double" | "literal";

/** Anything that a reader could take for more than characters. */
const SPECIAL = /[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;
const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const INDICATOR_FIRST = /^(?:[#,[\]{}&*!|>'"%@`]|[?:-](?:\s|$)|---|\.\.\.)/;

function scalarStyle(text: string): ScalarStyle {
  if (text.includes("\n")) return isBlock(text) ? "literal" : "double";
  if (isTypedScalar(text) || TIMESTAMP.test(text) || BASE_60.test(text)) return "double";
  if (SPECIAL.test(text)) return "double";
  const inTheWay = INDICATOR_FIRST.test(text) || /:(?:\s|$)|\s#|^ | $/.test(text);
  return inTheWay ? "single" : "plain";
}

function isBlock(text: string): boolean {
  return !SPECIAL.test(text) && !/ \n| $/.test(text);
}
