import { compileRegex } from "../../chart/regex.ts";
import { integerOf, isList, type Value } from "../template/value.ts";

/** True for a value that a schema takes. */
export type Check = (value: Value) => boolean;

const TYPES: ReadonlyMap<unknown, Check> = new Map<string, Check>([
  ["object", (value) => value instanceof Map],
  ["array", isList],
  ["string", (value) => typeof value === "string"],
  ["boolean", (value) => typeof value === "boolean"],
  ["null", (value) => value === null],
  ["number", (value) => numberOf(value) !== undefined],
  ["integer", (value) => Number.isInteger(numberOf(value))],
]);

/** Of one type or one of several. */
export function typeCheck(said: unknown): Check | undefined {
  const names: readonly unknown[] = Array.isArray(said) ? said : [said];
  const types = names.map((name) => TYPES.get(name)).filter((type) => type !== undefined);
  if (types.length === 0 || types.length < names.length) return undefined;
  return (value) => types.some((isOfType) => isOfType(value));
}

/** One of these values, of which none is a table or list. */
export function valueCheck(said: unknown): Check | undefined {
  if (!Array.isArray(said) || said.length === 0) return undefined;
  const values = new Set<unknown>(said);
  if (said.some((one) => typeof one === "object" && one !== null)) return undefined;
  return (value) => values.has(integerOf(value) === undefined ? value : numberOf(value));
}

/** `fits` says it of what is measured, and is not asked of a value that has no such measure. */
export function boundCheck(
  said: unknown,
  measure: (value: Value) => number | undefined,
  fits: (found: number, bound: number) => boolean,
): Check | undefined {
  if (typeof said !== "number") return undefined;
  return (value) => {
    const found = measure(value);
    return found === undefined || fits(found, said);
  };
}

/** The number of a value that is one. */
export function numberOf(value: Value): number | undefined {
  const whole = integerOf(value);
  if (whole !== undefined) return Number(whole);
  return typeof value === "number" ? value : undefined;
}

/** Characters, each of which may take two places. */
export function charactersOf(value: Value): number | undefined {
  return typeof value === "string" ? Array.from(value).length : undefined;
}

export function itemsOf(value: Value): number | undefined {
  return isList(value) ? value.length : undefined;
}

export function patternCheck(said: unknown): Check | undefined {
  const regex = typeof said === "string" ? compileRegex(said) : undefined;
  if (regex === undefined || "problem" in regex) return undefined;
  return (value) => typeof value !== "string" || regex.test(value);
}

export function requiredCheck(said: unknown): Check | undefined {
  if (!Array.isArray(said) || !said.every((key) => typeof key === "string")) return undefined;
  return (value) => !(value instanceof Map) || said.every((key) => value.has(key));
}
