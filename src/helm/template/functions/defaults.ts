import type { Budget } from "../budget.ts";
import { copyMethods } from "../field.ts";
import { copyOrigin } from "../origins.ts";
import { fn, variadic, type TemplateFunction } from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import {
  deepEqual,
  isList,
  isTrue,
  kindOf,
  likeType,
  typeOf,
  type Dict,
  type Value,
} from "../value.ts";

const copying = fn(["any"], ([value], { budget }) => {
  if (value === null) throw new TemplateError("there is nothing (nil) to copy");
  return deepCopy(value, budget);
});

/** Choosing between values, and asking what a value is. https://masterminds.github.io/sprig/ */
export const DEFAULTS: Readonly<Record<string, TemplateFunction>> = {
  default: variadic(["any"], ([fallback], given, call) => {
    const value = given[0] ?? null;
    call.compared([value, ""]);
    return isTrue(value) ? value : fallback;
  }),
  empty: fn(["any"], ([value], call) => {
    call.compared([value, ""]);
    return !isTrue(value);
  }),
  coalesce: variadic([], (_none, values, call) => {
    for (const value of values) call.compared([value, ""]);
    return values.find(isTrue) ?? null;
  }),
  all: variadic([], (_none, values) => values.every(isTrue)),
  any: variadic([], (_none, values) => values.some(isTrue)),
  ternary: fn(["any", "any", "bool"], ([yes, no, which]) => (which ? yes : no)),
  deepCopy: copying,
  mustDeepCopy: copying,
  deepEqual: fn(["any", "any"], ([a, b], { budget }) => deepEqual(a, b, () => budget.step())),
  typeOf: fn(["any"], ([a]) => typeOf(a)),
  typeIs: fn(["string", "any"], ([name, value], call) => {
    call.compared([name, typeOf(value)]);
    return typeOf(value) === name;
  }),
  typeIsLike: fn(["string", "any"], ([name, value]) => {
    const type = typeOf(value);
    return type === name || type === `*${name}`;
  }),
  kindOf: fn(["any"], ([value]) => kindOf(value)),
  kindIs: fn(["string", "any"], ([kind, value], call) => {
    call.compared([kind, kindOf(value)]);
    return kindOf(value) === kind;
  }),
};

/** What can be changed is copied, and still known by its origin and its methods. */
function deepCopy(value: Value, budget: Budget): Value {
  budget.step();
  if (!(value instanceof Map)) {
    if (!isList(value)) return value;
    return likeType(
      value,
      value.map((item) => deepCopy(item, budget)),
    );
  }
  const copy: Dict = new Map();
  for (const [key, item] of value) copy.set(key, deepCopy(item, budget));
  copyOrigin(value, copy);
  copyMethods(value, copy);
  return likeType(value, copy);
}
