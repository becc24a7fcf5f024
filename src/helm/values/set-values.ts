import { DrayError } from "../../errors.ts";
import { Integer, isList, type Dict, type Value } from "../template/value.ts";

/** Helm's own limits. https://github.com/helm/helm/blob/v3.19.0/pkg/strvals/parser.go */
const MAX_INDEX = 65_536;
const MAX_NESTING = 30;

/** Lists within lists; Helm has no limit, and no use for as many. */
const MAX_LISTS = 100;

/** What the text behind an equals sign stands for. */
export type ReadValue = (text: string) => Value;

/**
 * Applies `name1=value1,name2[0].key=value2` to `values`, as Helm's `--set` does.
 * @throws DrayError `DRAY_SET_INVALID`
 */
export function applySet(assignments: string, values: Dict, read: ReadValue = asTyped): void {
  new Parser(assignments, { read }).assignments(values);
}

/** As `--set-string` has it. */
export function asText(text: string): Value {
  return text;
}

/** Numbers, booleans and null, as `--set` sees them. */
function asTyped(text: string): Value {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return lower === "true";
  if (lower === "null") return null;
  return wholeNumber(text) ?? text;
}

/** What begins with a zero and goes on is a text, and so is what is no number of 64 bits. */
function wholeNumber(text: string): Integer | undefined {
  if (text !== "0" && !/^(?:[+-]\d|[1-9])\d{0,40}$/.test(text)) return undefined;
  const number = BigInt(text);
  return number === BigInt.asIntN(64, number) ? Integer.int64(number) : undefined;
}

interface ParserOptions {
  /** Reads what stands between commas. */
  readonly read: ReadValue;
  /** Reads a value from the beginning of a text instead, and says how much of it that was. */
  readonly take?: ((rest: string) => { value: Value; length: number }) | undefined;
}

/** Whether another assignment may follow. Where a text ends in the middle of a name Helm says nothing. */
type Progress = "next" | "end";

/** A list with what was assigned to one of its items. */
interface Items {
  readonly list: readonly Value[];
  readonly progress: Progress;
}

/** Goes through assignments, in each step as Helm's own parser does. */
export class Parser {
  readonly #source: readonly string[];
  readonly #shown: string;
  readonly #options: ParserOptions;
  #at = 0;
  /** Lists around what is read just now. */
  #lists = 0;

  constructor(source: string, options: ParserOptions) {
    this.#source = Array.from(source);
    this.#shown = JSON.stringify(source.slice(0, 200));
    this.#options = options;
  }

  /** Reads all of them into `values`. */
  assignments(values: Dict): void {
    while (this.#key(values, 0) === "next");
  }

  #key(values: Dict, depth: number): Progress {
    const { text: key, stop } = this.#until("=[,.");
    switch (stop) {
      case "=":
        return this.#assign((value) => put(values, key, value));
      case "[":
        return this.#listAt(values, key, depth);
      case ".":
        return this.#tableAt(values, key, depth + 1);
      case ",":
        throw this.#error(`the name ${JSON.stringify(key)} has no value`);
      default:
        if (key === "") return "end";
        throw this.#error(`the name ${JSON.stringify(key)} has no value`);
    }
  }

  #listAt(values: Dict, key: string, depth: number): Progress {
    const index = this.#index();
    const there = values.get(key) ?? null;
    if (values.has(key) && !isList(there)) throw this.#error(`${JSON.stringify(key)} is no list`);
    const { list, progress } = this.#item(isList(there) ? there : [], index, depth);
    put(values, key, list);
    return progress;
  }

  #tableAt(values: Dict, key: string, depth: number): Progress {
    if (depth > MAX_NESTING) throw this.#error(`names nest deeper than ${MAX_NESTING} levels`);
    const there = values.get(key) ?? null;
    if (values.has(key) && !(there instanceof Map))
      throw this.#error(`${JSON.stringify(key)} is no table`);
    const table: Dict = there instanceof Map ? there : new Map();
    const progress = this.#key(table, depth);
    if (table.size > 0) put(values, key, table);
    else if (progress === "next")
      throw this.#error(`the table ${JSON.stringify(key)} has no value`);
    return progress;
  }

  /** What stands between `[` and `]`. */
  #index(): number {
    const { text, stop } = this.#until("]");
    const index = Number(text);
    if (stop !== "]" || !/^[+-]?\d+$/.test(text) || index < 0 || index > MAX_INDEX) {
      throw this.#error(`${JSON.stringify(text)} is no index from 0 to ${MAX_INDEX}`);
    }
    return index;
  }

  /** What follows an index: a value, a name or another index. */
  #item(list: readonly Value[], index: number, depth: number): Items {
    const { text, stop } = this.#until("[.=");
    if (text !== "") throw this.#error(`unexpected ${JSON.stringify(text)} after an index`);
    if (stop === "[") return this.#listIn(list, index, depth);
    if (stop === ".") return this.#tableIn(list, index, depth);
    if (stop === "") return { list, progress: "end" };
    let item: Value = null;
    // Where that is the end, Helm finds it out when it looks for the next name.
    this.#assign((value) => (item = value));
    return { list: withItem(list, index, item), progress: "next" };
  }

  #listIn(list: readonly Value[], index: number, depth: number): Items {
    const there = list[index] ?? null;
    const next = this.#index();
    if (there !== null && !isList(there)) throw this.#error(`item ${index} is no list`);
    if (++this.#lists > MAX_LISTS) throw this.#error(`lists nest deeper than ${MAX_LISTS} levels`);
    const inner = this.#item(there ?? [], next, depth);
    this.#lists--;
    if (inner.progress === "end") return { list, progress: "end" };
    return { list: withItem(list, index, inner.list), progress: "next" };
  }

  #tableIn(list: readonly Value[], index: number, depth: number): Items {
    const there = list[index] ?? null;
    const table: Dict = there instanceof Map ? there : new Map();
    const progress = this.#key(table, depth);
    // What was not there yet is lost where the text ends in the middle of a name, as in Helm.
    if (progress === "end" && index >= list.length) return { list, progress };
    return { list: withItem(list, index, table), progress };
  }

  #assign(set: (value: Value) => void): Progress {
    const { read, take } = this.#options;
    if (take !== undefined) {
      set(this.#taken(take));
      return "next";
    }
    if (this.#at >= this.#source.length) {
      set("");
      return "end";
    }
    set(this.#source[this.#at] === "{" ? this.#items() : read(this.#until(",").text));
    return "next";
  }

  /** `{a,b}`: of nothing between the braces it makes one empty text. */
  #items(): Value[] {
    const { read } = this.#options;
    this.#at++;
    const items: Value[] = [];
    for (;;) {
      const { text, stop } = this.#until(",}");
      if (stop === "") throw this.#error("a list is not closed with }");
      items.push(read(text));
      if (stop === "}") break;
    }
    if (this.#source[this.#at] === ",") this.#at++;
    return items;
  }

  /** Text up to one of `stops`, which is taken; a backslash takes the next character as it is. */
  #until(stops: string): { text: string; stop: string } {
    let text = "";
    for (; this.#at < this.#source.length; this.#at++) {
      const character = this.#source[this.#at] ?? "";
      if (stops.includes(character)) {
        this.#at++;
        return { text, stop: character };
      }
      if (character === "\\") this.#at++;
      text += this.#source[this.#at] ?? "";
    }
    return { text, stop: "" };
  }

  /** Nothing before the next comma is null; behind a value no comma has to stand. */
  #taken(take: NonNullable<ParserOptions["take"]>): Value {
    if (this.#skipToValue()) return null;
    const rest = this.#source.slice(this.#at).join("");
    const { value, length } = take(rest);
    this.#at += Array.from(rest.slice(0, length)).length;
    this.#skipToValue();
    return value;
  }

  /** Skips blanks and one comma; true if there is no value before it. */
  #skipToValue(): boolean {
    for (; this.#at < this.#source.length; this.#at++) {
      const character = this.#source[this.#at] ?? "";
      if (character === ",") {
        this.#at++;
        return true;
      }
      if (!/[\s\u0085]/.test(character) || character === "\uFEFF") return false;
    }
    return true;
  }

  #error(reason: string): DrayError {
    return new DrayError("DRAY_SET_INVALID", `Cannot read ${this.#shown}: ${reason}`, {
      kind: "usage",
      hint: "Write it as Helm's --set does: name=value,list[0].name=value.",
    });
  }
}

function withItem(list: readonly Value[], index: number, item: Value): Value[] {
  const length = Math.max(list.length, index + 1);
  return Array.from({ length }, (_item, at) => (at === index ? item : (list[at] ?? null)));
}

/** What has no name is not kept. */
function put(values: Dict, key: string, value: Value): void {
  if (key !== "") values.set(key, value);
}
