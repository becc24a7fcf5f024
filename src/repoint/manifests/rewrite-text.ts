import { isDeepStrictEqual } from "node:util";
import { DrayError } from "../../errors.ts";
import { isList, type Dict, type Value } from "../../helm/template/value.ts";
import { lookUp } from "../../helm/values/path.ts";
import { readYaml } from "../../yaml/read.ts";
import type { Edit } from "../edits.ts";

/** A word of a text, and what stands in its place. */
interface Swap {
  readonly from: string;
  readonly to: string;
}

interface Place extends Swap {
  readonly at: number;
}

/** Places that are tried one by one; more than any document has that is not made to be tried. */
const MAX_PLACES = 500;

/**
 * The text of a document with other words in it, so that it says `wanted`; all other bytes, comments
 * among them, stay. Undefined where that cannot be had by changing words.
 */
export function rewriteText(
  text: string,
  {
    before,
    wanted,
    edits,
  }: { readonly before: Dict; readonly wanted: Dict; readonly edits: readonly Edit[] },
): string | undefined {
  const swaps = swapsOf(before, edits);
  const places = placesOf(text, swaps);
  const all = withSwaps(text, places);
  if (isDeepStrictEqual(valueOf(all), wanted)) return all;
  // A word stands somewhere too where it has to stay.
  const good = places.slice(0, MAX_PLACES).filter((place) => {
    const value = valueOf(withSwaps(text, [place]));
    return (
      value !== undefined && !isDeepStrictEqual(value, before) && isBetween(value, before, wanted)
    );
  });
  const some = withSwaps(text, good);
  return isDeepStrictEqual(valueOf(some), wanted) ? some : undefined;
}

/** Words that differ in the texts that are changed: a name holds nothing that would part it. */
function swapsOf(before: Dict, edits: readonly Edit[]): Swap[] {
  const swaps = new Map<string, Swap>();
  for (const { path, value } of edits) {
    const text = lookUp(before, path);
    if (typeof text !== "string" || typeof value !== "string") continue;
    if (BASE64.test(text) && BASE64.test(value)) swaps.set(text, { from: text, to: value });
    const [from, to] = [wordsOf(text), wordsOf(value)];
    for (const [at, word] of from.entries()) {
      const other = to[at] ?? "";
      if (word !== other) swaps.set(`${word}\n${other}`, { from: word, to: other });
    }
  }
  return [...swaps.values()];
}

/** One word as a whole, with what fills it up. */
const BASE64 = /^[\w+/]+={0,2}$/;

/** What stands between white space, quotes and brackets, and behind an equals sign or a comma. */
const WORD = /[^\s"'`,;=()[\]{}<>|]+/g;

function wordsOf(text: string): string[] {
  return text.match(WORD) ?? [];
}

function placesOf(text: string, swaps: readonly Swap[]): Place[] {
  const places: Place[] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const here = swaps.filter(({ from }) => isWord(from, word) && text.startsWith(from, index));
    for (const swap of here) places.push({ ...swap, at: index });
  }
  return places;
}

function isWord(from: string, word: string): boolean {
  return from === word || (BASE64.test(from) && from.replace(/=+$/, "") === word);
}

function withSwaps(text: string, places: readonly Place[]): string {
  let result = "";
  let from = 0;
  for (const { at, from: word, to } of places) {
    if (at < from) continue;
    result += text.slice(from, at) + to;
    from = at + word.length;
  }
  return result + text.slice(from);
}

/** Undefined for what is no YAML by now. */
function valueOf(text: string): Value | undefined {
  try {
    return readYaml(text.replace(/^---/, "   "), "a document");
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

/** True if every word of `value` is the one before, or the one wanted. */
function isBetween(value: Value, before: Value | undefined, wanted: Value | undefined): boolean {
  if (typeof value === "string" && typeof before === "string" && typeof wanted === "string") {
    const [old, words] = [wordsOf(before), wordsOf(wanted)];
    return wordsOf(value).every((word, at) => word === old[at] || word === words[at]);
  }
  if (value instanceof Map && before instanceof Map && wanted instanceof Map) {
    const keys = [...value.keys()];
    return (
      isDeepStrictEqual(keys, [...before.keys()]) &&
      keys.every((key) => isBetween(value.get(key) ?? null, before.get(key), wanted.get(key)))
    );
  }
  if (isList(value) && isList(before) && isList(wanted)) {
    return (
      value.length === before.length &&
      value.every((item, at) => isBetween(item, before[at], wanted[at]))
    );
  }
  return isDeepStrictEqual(value, before);
}
