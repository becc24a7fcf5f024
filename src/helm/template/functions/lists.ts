import type { Budget } from "../budget.ts";
import { fn, variadic, type TemplateFunction } from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import { deepEqual, isList, isTrue, likeType, ofType, typeOf, type Value } from "../value.ts";
import { toInt } from "./numbers.ts";

const rest = fn(["list"], ([list]) => list.slice(1));
const initial = fn(["list"], ([list]) => list.slice(0, -1));
const first = fn(["list"], ([list]) => list[0] ?? null);
const last = fn(["list"], ([list]) => list.at(-1) ?? null);
const reverse = fn(["list"], ([list]) => list.toReversed());
const compact = fn(["list"], ([list]) => list.filter(isTrue));
const append = fn(["list", "any"], ([list, item], { budget }) => {
  budget.step(list.length);
  return [...list, item];
});
const prepend = fn(["list", "any"], ([list, item], { budget }) => {
  budget.step(list.length);
  return [item, ...list];
});
const without = variadic(["list"], ([list], omitted, { budget }) =>
  list.filter((item) => !contains(omitted, item, budget)),
);
const uniq = fn(["list"], ([list], { budget }) => {
  const seen: Value[] = [];
  for (const item of list) {
    if (!contains(seen, item, budget)) seen.push(item);
  }
  return seen;
});
const has = fn(["any", "any"], ([needle, list], call) => {
  if (list === null) return false;
  if (!isList(list)) throw new TemplateError(`cannot find has on type ${typeOf(list)}`);
  call.compared([needle, ...list]);
  return contains(list, needle, call.budget);
});
const slice = variadic(["any"], ([list], [start = 0n, end]) => {
  if (!isList(list)) throw new TemplateError(`cannot slice ${typeOf(list)}`);
  if (list.length === 0) return null;
  const from = toInt(start);
  const to = end === undefined ? list.length : toInt(end);
  // What a list has room for is no more than it has, to whoever does not see Go's memory.
  if (from < 0 || from > to || from > list.length) {
    throw new TemplateError(`slice bounds out of range [${from}:${to}] with length ${list.length}`);
  }
  return likeType(list, list.slice(from, to));
});
const chunk = fn(["int", "list"], ([size, list]) => {
  if (size < 1) throw new TemplateError(`chunks of ${size}`);
  const chunks: Value[][] = [];
  for (let at = 0; at < list.length; at += size) chunks.push(list.slice(at, at + size));
  return ofType("[][]interface {}", chunks);
});

/** Lists. https://masterminds.github.io/sprig/lists.html */
export const LISTS: Readonly<Record<string, TemplateFunction>> = {
  list: variadic([], (_none, items) => [...items]),
  tuple: variadic([], (_none, items) => [...items]),
  first,
  mustFirst: first,
  last,
  mustLast: last,
  rest,
  mustRest: rest,
  initial,
  mustInitial: initial,
  append,
  mustAppend: append,
  push: append,
  mustPush: append,
  prepend,
  mustPrepend: prepend,
  reverse,
  mustReverse: reverse,
  compact,
  mustCompact: compact,
  uniq,
  mustUniq: uniq,
  without,
  mustWithout: without,
  has,
  mustHas: has,
  slice,
  mustSlice: slice,
  chunk,
  mustChunk: chunk,
  concat: variadic([], (_none, lists, { budget }) => {
    const all = lists.map((list) => {
      if (!isList(list)) throw new TemplateError(`cannot concat ${typeOf(list)}`);
      budget.step(list.length);
      return list;
    });
    return all.flat();
  }),
};

function contains(list: readonly Value[], needle: Value, budget: Budget): boolean {
  return list.some((item) => deepEqual(item, needle, () => budget.step()));
}
