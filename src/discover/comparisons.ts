import { partsInPlaceOf } from "../helm/template/file-names.ts";
import { format } from "../helm/template/print.ts";
import type { Comparison } from "../helm/template/read-log.ts";
import type { Read } from "../helm/template/read.ts";
import { Integer, integerOf, isList, kindOf, typeOf, type Value } from "../helm/template/value.ts";
import { isBelow, isPartOfImage, keyOf, PLACEHOLDER, someItem, someTable } from "./switches.ts";

/** Values of one setting that are remembered. */
const MAX_KNOWN = 64;

/** Longer texts are what templates print, and no words that settings have. */
const MAX_WORD = 64;

/** Lists are not filled further than this to get a length that is compared. */
const MAX_LENGTH = 16;

/** A longer list is data, and nobody chooses with it. */
const MAX_ITEMS = 64;

/** Values of one comparison that are looked at: a search in data is no choice among words. */
const MAX_VALUES = 256;

/** What settings were compared with: values with which a comparison may come out in another way. */
export class Comparisons {
  readonly #known = new Map<string, Map<string, Value>>();

  note(comparisons: readonly Comparison[]): void {
    for (const { values: compared, reads: all, ofKeys, decides } of comparisons) {
      if (decides !== undefined) continue;
      const values = compared.slice(0, MAX_VALUES);
      const reads = all.filter(({ source }) => source === "values");
      for (const read of reads) {
        // What a tag is compared with is no tag that there is, unless the chart has a table of them.
        if (ofKeys !== true && isPartOfImage(read.path)) continue;
        const found = ofKeys === true ? keysToTry : valuesToTry;
        this.#add(read, found(read, reads, values));
      }
    }
  }

  /** Undefined for what was never compared; the value that the setting has may be among them. */
  readonly of = (read: Read): readonly Value[] | undefined => {
    const known = this.#known.get(keyOf(read));
    return known && [...known.values()];
  };

  #add(read: Read, values: readonly Value[]): void {
    if (values.length === 0) return;
    const key = keyOf(read);
    const known = this.#known.get(key) ?? new Map<string, Value>();
    this.#known.set(key, known);
    for (const value of values) if (known.size < MAX_KNOWN) known.set(nameOf(value), value);
  }
}

function nameOf(value: Value): string {
  if (isList(value)) return `list ${value.map(nameOf).join(" ")}`;
  return `${kindOf(value)} ${format(value)}`;
}

function valuesToTry(
  { value }: Read,
  reads: readonly Read[],
  values: readonly Value[],
): readonly Value[] {
  if (values.every((one) => OF_KIND.has(one))) return ofKinds(value, values);
  if (isList(value)) return listsToTry(value, reads, values);
  const number = numberOf(value);
  if (number !== undefined) return numbersToTry(number, values).map((one) => like(value, one));
  // A text is asked for where it was only tried that something is set.
  if (value === true && values.includes(true))
    return values.filter((one) => typeof one === "string" && isWord(one));
  return value === null || typeof value === "string" ? textsToTry(value, reads, values) : [];
}

/** What pieces of a text are called. https://masterminds.github.io/sprig/string_slice.html */
const PIECE = /^_\d+$/;

/** What a table has beside the entry that a setting names, alone or as a part of its key. */
function keysToTry(
  { value }: Read,
  reads: readonly Read[],
  keys: readonly Value[],
): readonly Value[] {
  const [key, ...all] = keys.filter((one) => typeof one === "string");
  // Pieces of a text that was split are no choice that a chart has.
  if (key === undefined || all.some((one) => PIECE.test(one))) return [];
  if (typeof value === "string" && value !== key) {
    const parts = partsInPlaceOf(value, key, all).filter((part) => isWord(part));
    if (parts.length > 0) return parts;
  }
  const isName = typeof value !== "object" || value === null;
  return isName && typeof value !== "boolean" ? textsToTry(value, reads, keys) : [];
}

/** What a setting was compared with as it stands, or else what something made of it alone was. */
function textsToTry(
  value: Value,
  reads: readonly Read[],
  values: readonly Value[],
): readonly Value[] {
  const texts = values.filter((one) => typeof one === "string");
  if (values.includes(value)) {
    // Nothing and an empty text are the same to whoever asks for a default.
    const wanted = value === null ? texts.filter((text) => text !== "") : texts;
    return wanted.length < (value === null ? 1 : 2) ? [] : wanted;
  }
  // A table in which it is looked for says nothing itself.
  const inner = reads.filter((read) => !reads.some((other) => isBelow(other, read)));
  const isAlone = new Set(inner.map(keyOf)).size === 1;
  return isAlone && texts.length > 1 && texts.every(isWord) ? texts : [];
}

function isWord(text: string): boolean {
  return text !== "" && text.length <= MAX_WORD && !/\s/.test(text);
}

/** Those around each number that it was compared with. */
function numbersToTry(number: number, values: readonly Value[]): readonly number[] {
  const all = values.map(numberOf).filter((one) => one !== undefined);
  if (!all.includes(number)) return [];
  const around = all.flatMap((one) => [one, one + 1, one - 1]);
  return around.filter((one) => one >= 0 && one !== number);
}

/** Of the value's own type. */
function like(value: Value, number: number): Value {
  if (typeof value === "string") return String(number);
  return value instanceof Integer ? value.like(BigInt(Math.trunc(number))) : number;
}

function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "string") return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  const whole = integerOf(value);
  return whole === undefined ? undefined : Number(whole);
}

/** With what was looked for in it, or as long as its length was compared with. */
function listsToTry(
  list: readonly Value[],
  reads: readonly Read[],
  values: readonly Value[],
): readonly Value[] {
  if (list.length > MAX_ITEMS) return [];
  if (!reads.every((read) => isList(read.value) || read.value instanceof Map)) return [];
  const added = values
    .filter((one) => typeof one === "string")
    .filter((one) => isWord(one) && !list.includes(one))
    .map((one) => [...list, one]);
  const lengths = values.every((one) => integerOf(one) !== undefined)
    ? numbersToTry(list.length, values).filter((one) => one <= MAX_LENGTH)
    : [];
  return [...added, ...lengths.map((length) => ofLength(list, length))];
}

function ofLength(list: readonly Value[], length: number): readonly Value[] {
  const item = list.at(-1) ?? someItem();
  return Array.from({ length }, (_item, at) => list[at] ?? item);
}

function ofKinds(value: Value, kinds: readonly Value[]): readonly Value[] {
  const own = new Set<Value>([kindOf(value), typeOf(value)]);
  const others = kinds.filter((kind) => !own.has(kind));
  return others.length === kinds.length
    ? []
    : others.flatMap((kind) => OF_KIND.get(kind)?.() ?? []);
}

/** By the name of a kind or type: a list of one such value, or of none. */
const OF_KIND: ReadonlyMap<Value, () => Value[]> = new Map<Value, () => Value[]>([
  ["invalid", () => []],
  ["<nil>", () => []],
  ["string", () => [PLACEHOLDER]],
  ["bool", () => [true]],
  ["int", () => [1]],
  ["int64", () => [1]],
  ["float64", () => [1]],
  ["map", () => [someTable()]],
  ["map[string]interface {}", () => [someTable()]],
  ["slice", () => [[someItem()]]],
  ["[]interface {}", () => [[someItem()]]],
]);
