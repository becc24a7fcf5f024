import { compileRegex } from "../../chart/regex.ts";
import { isList } from "../template/value.ts";
import { FORMATS } from "./formats.ts";
import {
  boundCheck,
  charactersOf,
  itemsOf,
  numberOf,
  patternCheck,
  requiredCheck,
  typeCheck,
  valueCheck,
  type Check,
} from "./plain-words.ts";

type Table = ReadonlyMap<string, unknown>;

/** What a word of a schema asks of a value; undefined if only the whole validator understands it. */
type Word = (said: unknown, reader: Reader, schema: Table) => Check | undefined;

/** Schemas within schemas; the validator has the word on deeper ones. */
const MAX_DEPTH = 64;

/** Words that say nothing of the values, in any draft. */
const NOTES: ReadonlySet<string> = new Set(
  [
    "$comment title description default examples example deprecated readOnly writeOnly",
    // Of the forms that Bitnami's charts describe.
    "form hidden render sliderMin sliderMax sliderUnit",
  ].flatMap((words) => words.split(" ")),
);

/**
 * Makes a check of a schema that has nothing but common words in it: most have. What it takes, the
 * validator takes too; of what it refuses only the validator can say why. To make a validator of a
 * schema takes longer than rendering the chart, so one is made where this is not enough.
 *
 * Undefined for any other schema, and for a faulty one. `isOld`: formats are checked, and nothing counts
 * beside `$ref`.
 */
export function plainCheck(schema: Table, isOld = false): Check | undefined {
  return new Reader(schema, isOld).words(schema);
}

class Reader {
  readonly #root: Table;
  /** By what refers to them; undefined for one that is being read, or that cannot be. */
  readonly #named = new Map<string, Check | undefined>();
  readonly isOld: boolean;
  #depth = 0;

  constructor(root: Table, isOld: boolean) {
    this.#root = root;
    this.isOld = isOld;
  }

  schema(schema: unknown): Check | undefined {
    if (typeof schema === "boolean") return () => schema;
    const words = tableOf(schema);
    return words && this.words(words);
  }

  words(words: Table): Check | undefined {
    const reference = words.get("$ref");
    if (this.isOld && typeof reference === "string") return this.named(reference);
    if (++this.#depth > MAX_DEPTH) return undefined;
    const said = [...words].filter(([word]) => !NOTES.has(word));
    const checks = said.map(([word, one]) => WORDS.get(word)?.(one, this, words));
    this.#depth--;
    return all(checks);
  }

  schemas(list: unknown): readonly Check[] | undefined {
    if (!Array.isArray(list) || list.length === 0) return undefined;
    return complete(list.map((one: unknown) => this.schema(one)));
  }

  /** The schemas of a table. */
  table(table: unknown): readonly (readonly [string, Check])[] | undefined {
    const entries = tableOf(table);
    if (entries === undefined) return undefined;
    const checks = complete([...entries.values()].map((one) => this.schema(one)));
    return checks && [...entries.keys()].map((key, at) => [key, checks[at] ?? anything] as const);
  }

  /** What stands under a plain name in the same document, and does not refer to itself. */
  named(reference: unknown): Check | undefined {
    const place = /^#\/(definitions|\$defs)\/([\w-]+)$/.exec(String(reference));
    const [whole = "", table = "", name = ""] = place ?? [];
    if (this.#named.has(whole)) return this.#named.get(whole);
    this.#named.set(whole, undefined);
    const check = this.schema(tableOf(this.#root.get(table))?.get(name));
    this.#named.set(whole, check);
    return check;
  }
}

const atLeast = (found: number, least: number): boolean => found >= least;
const atMost = (found: number, most: number): boolean => found <= most;

const WORDS: ReadonlyMap<string, Word> = new Map<string, Word>([
  ["type", typeCheck],
  ["enum", valueCheck],
  ["const", (said) => valueCheck([said])],
  ["$ref", (said, reader) => reader.named(said)],
  ["definitions", (said, reader) => reader.table(said) && anything],
  ["$defs", (said, reader) => reader.table(said) && anything],
  ["allOf", (said, reader) => fitting(reader.schemas(said), (fit, of) => fit === of)],
  ["anyOf", (said, reader) => fitting(reader.schemas(said), (fit) => fit > 0)],
  ["oneOf", (said, reader) => fitting(reader.schemas(said), (fit) => fit === 1)],
  ["minimum", (said) => boundCheck(said, numberOf, atLeast)],
  ["maximum", (said) => boundCheck(said, numberOf, atMost)],
  ["minLength", (said) => boundCheck(said, charactersOf, atLeast)],
  ["maxLength", (said) => boundCheck(said, charactersOf, atMost)],
  ["minItems", (said) => boundCheck(said, itemsOf, atLeast)],
  ["maxItems", (said) => boundCheck(said, itemsOf, atMost)],
  ["format", formatCheck],
  ["pattern", patternCheck],
  ["required", requiredCheck],
  ["items", itemsCheck],
  ["properties", propertiesCheck],
  ["patternProperties", patternsCheck],
  ["additionalProperties", othersCheck],
]);

const anything: Check = () => true;

function formatCheck(said: unknown, { isOld }: Reader): Check | undefined {
  if (typeof said !== "string") return undefined;
  const form = isOld && Object.hasOwn(FORMATS, said) ? FORMATS[said] : undefined;
  return form === undefined ? anything : (value) => typeof value !== "string" || form(value);
}

function all(checks: readonly (Check | undefined)[]): Check | undefined {
  const known = complete(checks);
  return known && ((value) => known.every((check) => check(value)));
}

/** Undefined if any is. */
function complete(checks: readonly (Check | undefined)[]): readonly Check[] | undefined {
  const known = checks.filter((check) => check !== undefined);
  return known.length === checks.length ? known : undefined;
}

function fitting(
  checks: readonly Check[] | undefined,
  isEnough: (fit: number, of: number) => boolean,
): Check | undefined {
  if (checks === undefined) return undefined;
  return (value) => isEnough(checks.filter((check) => check(value)).length, checks.length);
}

function itemsCheck(said: unknown, reader: Reader): Check | undefined {
  const check = reader.schema(said);
  return check && ((value) => !isList(value) || value.every((item) => check(item)));
}

function propertiesCheck(said: unknown, reader: Reader): Check | undefined {
  const checks = reader.table(said);
  if (checks === undefined) return undefined;
  return (value) => {
    if (!(value instanceof Map)) return true;
    return checks.every(([key, check]) => !value.has(key) || check(value.get(key) ?? null));
  };
}

function patternsCheck(said: unknown, reader: Reader): Check | undefined {
  const checks = reader.table(said)?.map(([pattern, check]) => keysCheck(keyTest(pattern), check));
  return checks && all(checks);
}

/** Entries that neither `properties` nor `patternProperties` speak of. */
function othersCheck(said: unknown, reader: Reader, schema: Table): Check | undefined {
  const known = tableOf(schema.get("properties") ?? {});
  const patterns = [...(tableOf(schema.get("patternProperties") ?? {})?.keys() ?? [])];
  const tests = patterns.map(keyTest);
  const isOther = (key: string): boolean =>
    known?.has(key) !== true && !tests.some((test) => test?.(key) === true);
  return keysCheck(isOther, reader.schema(said));
}

type KeyTest = (key: string) => boolean;

function keyTest(pattern: string): KeyTest | undefined {
  const regex = compileRegex(pattern);
  return "problem" in regex ? undefined : (key) => regex.test(key);
}

function keysCheck(isMeant: KeyTest | undefined, check: Check | undefined): Check | undefined {
  if (isMeant === undefined || check === undefined) return undefined;
  return (value) => {
    if (!(value instanceof Map)) return true;
    return [...value].every(([key, item]) => !isMeant(key) || check(item));
  };
}

function tableOf(value: unknown): Table | undefined {
  const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
  return isTable ? new Map<string, unknown>(Object.entries(value)) : undefined;
}
