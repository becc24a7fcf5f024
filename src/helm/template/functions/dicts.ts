import { format } from "../print.ts";
import {
  copyOrigin,
  forgetEntry,
  isShared,
  noteEntry,
  noteMerge,
  readsOf,
  takePlace,
} from "../origins.ts";
import { areOfOnePlace } from "../read.ts";
import {
  asDict,
  asText,
  fn,
  ofDicts,
  variadic,
  type Call,
  type TemplateFunction,
} from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import { deepEqual, isList, isTrue, ofType, sortedKeys, type Dict, type Value } from "../value.ts";

/** A dictionary that is merged into itself ends here. */
const MAX_NESTING = 100;

/** Dictionaries. https://masterminds.github.io/sprig/dicts.html */
export const DICTS: Readonly<Record<string, TemplateFunction>> = {
  dict: variadic([], (_none, items) => {
    const dict: Dict = new Map();
    for (let at = 0; at < items.length; at += 2) {
      dict.set(format(items[at] ?? null), at + 1 < items.length ? (items[at + 1] ?? null) : "");
    }
    return dict;
  }),
  get: fn(["dict", "string"], ([dict, key], call) => {
    call.picked(dict, key);
    const value = call.read(dict, key);
    return dict.has(key) ? value : "";
  }),
  set: fn(["dict", "string", "any"], ([dict, key, value], call) => {
    call.changes(dict, key);
    const before = dict.get(key);
    if (before instanceof Map && value instanceof Map) takePlace(before, value);
    return dict.set(key, value);
  }),
  unset: fn(["dict", "string"], ([dict, key], call) => {
    call.changes(dict, key);
    dict.delete(key);
    forgetEntry(dict, key);
    return dict;
  }),
  hasKey: fn(["dict", "string"], ([dict, key], call) => {
    call.picked(dict, key);
    call.read(dict, key);
    return dict.has(key);
  }),
  pluck: ofDicts(
    1,
    variadic(["string"], ([key], dicts, call) =>
      dicts
        .map(asDict)
        .filter((dict) => {
          call.lookups.lookedUp(dict, key);
          return dict.has(key);
        })
        .map((dict) => {
          call.picked(dict, key);
          return call.read(dict, key);
        }),
    ),
  ),
  dig: variadic([], (_none, items, call) => dig(items, call)),
  keys: ofDicts(
    0,
    variadic([], (_none, dicts, call) => {
      const all = dicts.flatMap((dict) => {
        call.lookups.wentThrough(dict);
        return sortedKeys(asDict(dict));
      });
      return ofType("[]string", all);
    }),
  ),
  values: fn(["dict"], ([dict], call) => {
    call.lookups.wentThrough(dict);
    return sortedKeys(dict).map((key) => dict.get(key) ?? null);
  }),
  pick: variadic(["dict"], ([dict], names, call) => {
    call.lookups.wentThrough(dict);
    const keys = keysOf(names);
    return filtered(dict, (key) => keys.has(key));
  }),
  omit: variadic(["dict"], ([dict], names, call) => {
    call.lookups.wentThrough(dict);
    const keys = keysOf(names);
    return filtered(dict, (key) => !keys.has(key));
  }),
  merge: merging(false),
  mustMerge: merging(false),
  mergeOverwrite: merging(true),
  mustMergeOverwrite: merging(true),
};

function keysOf(keys: readonly Value[]): ReadonlySet<string> {
  return new Set(keys.map(asText));
}

function filtered(dict: Dict, wanted: (key: string) => boolean): Dict {
  const result = new Map<string, Value>([...dict].filter(([key]) => wanted(key)));
  copyOrigin(dict, result);
  return result;
}

/** `dig "a" "b" fallback dict` */
function dig(items: readonly Value[], call: Call): Value {
  if (items.length < 3) throw new TemplateError("dig needs at least three arguments");
  if (items.at(-1) === null) throw new TemplateError("expected dict, found <nil>");
  let value = items.at(-1) ?? null;
  const names = items.slice(0, -2).map(asText);
  for (const [at, name] of names.entries()) {
    const dict = asDict(value);
    call.picked(dict, name);
    const found = call.read(dict, name);
    if (!dict.has(name)) {
      call.lacks(dict, names.slice(at));
      return items.at(-2) ?? null;
    }
    value = found;
  }
  return value;
}

function merging(overwrite: boolean): TemplateFunction {
  const merge = variadic(["dict"], ([target], sources, call) => {
    for (const source of sources) {
      const merger = new Merger(overwrite, call);
      merger.merge(target, asDict(source), 0);
    }
    return target;
  });
  return ofDicts(0, merge);
}

/** Merges as mergo does: without `overwrite`, what is empty in the target counts as not there. */
class Merger {
  readonly #overwrite: boolean;
  readonly #call: Call;

  constructor(overwrite: boolean, call: Call) {
    this.#overwrite = overwrite;
    this.#call = call;
  }

  merge(target: Dict, source: Dict, depth: number): void {
    if (target === source) return;
    noteMerge(target, source, this.#overwrite);
    this.#call.lookups.wentThrough(source);
    this.#call.lookups.wentThrough(target);
    if (depth > MAX_NESTING) throw new TemplateError("dictionaries nest too deep to be merged");
    for (const [key, value] of source) {
      this.#call.budget.step();
      const there = target.get(key) ?? null;
      if (value instanceof Map && there instanceof Map && there.size > 0) {
        this.merge(there, value, depth + 1);
        continue;
      }
      this.#call.lookups.counted(there);
      if (this.#replaces(there, value) && !this.#isThere(target, source, key)) {
        this.#call.changes(target, key);
        noteEntry(target, key, readsOf(source, key));
        target.set(key, value);
      }
    }
  }

  #replaces(there: Value, value: Value): boolean {
    if (value === null) return this.#overwrite;
    if (isTrue(there) && isList(there) && isList(value)) return this.#overwrite;
    return this.#overwrite || !isTrue(there);
  }

  /**
   * True if the target has the same there, from the same place, so that nothing would change: charts
   * merge their values with those of a subchart, and each has its own copy of what is global.
   */
  #isThere(target: Dict, source: Dict, key: string): boolean {
    if (!isShared(target) || !target.has(key)) return false;
    if (!areOfOnePlace(readsOf(target, key), readsOf(source, key))) return false;
    const both = [target.get(key) ?? null, source.get(key) ?? null] as const;
    this.#call.lookups.tookWhole(both);
    return deepEqual(...both, () => {
      this.#call.budget.step();
    });
  }
}
