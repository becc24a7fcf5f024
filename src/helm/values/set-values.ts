import { DrayError } from "../../errors.ts";
import { Integer, isList, type Dict, type Value } from "../template/value.ts";

/** Helm's own limits. https://github.com/helm/helm/blob/v3.19.0/pkg/strvals/parser.go */
const MAX_INDEX = 65_536;
const MAX_NESTING = 30;

/** What the text behind an equals sign stands for. */
export type ReadValue = (text: string) => Value;

/**
 * Applies `name1=value1,name2[0].key=value2` to `values`, as Helm's `--set` does.
 * @throws DrayError `DRAY_SET_INVALID`
 */
export function applySet(assignments: string, values: Dict, read: ReadValue = asTyped): void {
  const parser = new Parser(assignments, { read });
  while (parser.assignment(values));
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

/** Goes through assignments. */
export class Parser {
  readonly #source: readonly string[];
  readonly #shown: string;
  readonly #options: ParserOptions;
  #at = 0;

  constructor(source: string, options: ParserOptions) {
    this.#source = Array.from(source);
    this.#shown = JSON.stringify(source.slice(0, 200));
    this.#options = options;
  }

  /** Reads one assignment into `values`; false at the end. */
  assignment(values: Dict): boolean {
    if (this.#at >= this.#source.length) return false;
    this.#key(values, 0);
    return true;
  }

  #key(values: Dict, depth: number): void {
    if (depth > MAX_NESTING) throw this.#error(`names nest deeper than ${MAX_NESTING} levels`);
    const { text: key, stop } = this.#until("=[,.");
    const there = values.get(key) ?? null;
    switch (stop) {
      case "=":
        return put(values, key, this.#value());
      case "[": {
        const list = isList(there) ? there : [];
        return put(values, key, this.#item(list, depth));
      }
      case ".": {
        const table: Dict = there instanceof Map ? there : new Map();
        this.#key(table, depth + 1);
        return put(values, key, table);
      }
      default:
        throw this.#error(`the name ${JSON.stringify(key)} has no value`);
    }
  }

  /** What follows `[`: an index, then a value, a name or another index. */
  #item(list: readonly Value[], depth: number): Value[] {
    if (depth > MAX_NESTING) throw this.#error(`names nest deeper than ${MAX_NESTING} levels`);
    const { text, stop } = this.#until("]");
    const index = Number(text);
    if (stop !== "]" || !/^\d+$/.test(text) || index > MAX_INDEX) {
      throw this.#error(`${JSON.stringify(text)} is no index from 0 to ${MAX_INDEX}`);
    }
    const copy = Array.from(
      { length: Math.max(list.length, index + 1) },
      (_item, at) => list[at] ?? null,
    );
    copy[index] = this.#itemValue(copy[index] ?? null, depth);
    return copy;
  }

  #itemValue(there: Value, depth: number): Value {
    const { text, stop } = this.#until("[.=");
    if (text !== "") throw this.#error(`unexpected ${JSON.stringify(text)} after an index`);
    if (stop === "=") return this.#value();
    if (stop === "[") return this.#item(isList(there) ? there : [], depth + 1);
    if (stop !== ".") throw this.#error("an index has no value");
    const table: Dict = there instanceof Map ? there : new Map();
    this.#key(table, depth + 1);
    return table;
  }

  #value(): Value {
    const { read, take } = this.#options;
    if (take !== undefined) return this.#taken(take);
    if (this.#source[this.#at] !== "{") return read(this.#until(",").text);
    this.#at++;
    const items: Value[] = [];
    for (;;) {
      const { text, stop } = this.#until(",}");
      if (stop === "") throw this.#error("a list is not closed with }");
      items.push(read(text));
      if (stop === "}") break;
    }
    if (this.#source[this.#at] === ",") this.#at++;
    return items.length === 1 && items[0] === "" ? [] : items;
  }

  /** Text up to one of `stops`, which is taken; a backslash takes the next character as it is. */
  #until(stops: string): { text: string; stop: string } {
    const start = this.#at;
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
    if (start === this.#at && stops.includes("]"))
      throw this.#error("an index is not closed with ]");
    return { text, stop: "" };
  }

  /** Nothing before the next comma is null. */
  #taken(take: NonNullable<ParserOptions["take"]>): Value {
    const rest = this.#source.slice(this.#at).join("");
    if (/^\s*(?:,|$)/.test(rest)) {
      this.#until(",");
      return null;
    }
    const { value, length } = take(rest);
    this.#at += Array.from(rest.slice(0, length)).length;
    if (this.#until(",").text.trim() !== "") throw this.#error("something follows the JSON");
    return value;
  }

  #error(reason: string): DrayError {
    return new DrayError("DRAY_SET_INVALID", `Cannot read ${this.#shown}: ${reason}`, {
      kind: "usage",
      hint: "Write it as Helm's --set does: name=value,list[0].name=value.",
    });
  }
}

function put(values: Dict, key: string, value: Value): void {
  if (key !== "") values.set(key, value);
}
