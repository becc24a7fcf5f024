import type { Budget } from "./budget.ts";
import { formatFloat } from "../../yaml/go-yaml.ts";
import { format } from "./print.ts";
import { integerOf, isList, sortedKeys, typeOf, type Dict, type Value } from "./value.ts";

/** Wider than this is no padding but an attack. */
const MAX_WIDTH = 10_000;

const VERB = /%([-+# 0]{0,8})(\*|\d{1,9})?(?:\.(\*|\d{1,9})?)?(?:\[(\d{1,3})\])?(.|$)/gsu;

interface Spec {
  readonly flags: string;
  readonly width: number;
  /** Undefined where no point was written. */
  readonly precision: number | undefined;
  readonly verb: string;
}

/** Go's `fmt.Sprintf`, with the marks it leaves for arguments that do not fit. */
export function sprintf(template: string, args: readonly Value[], budget: Budget): string {
  let next = 0;
  let isOrdered = true;
  const star = (text: string | undefined): number =>
    Math.min(Number(text === "*" ? (args[next++] ?? 0) : (text ?? 0)), MAX_WIDTH);
  const text = template.replace(VERB, (directive) => {
    const [, flags = "", width, precision, index, verb = ""] =
      new RegExp(VERB).exec(directive) ?? [];
    if (verb === "") return "%!(NOVERB)";
    if (verb === "%") return "%";
    const spec: Spec = {
      flags,
      width: star(width),
      precision: directive.includes(".") ? star(precision) : undefined,
      verb,
    };
    if (index !== undefined) {
      isOrdered = false;
      next = Number(index) - 1;
      if (next < 0 || next >= args.length) return `%!${verb}(BADINDEX)`;
    }
    if (next >= args.length) return `%!${verb}(MISSING)`;
    const shown = padded(formatVerb(spec, args[next++] ?? null), spec);
    budget.text(shown.length);
    return shown;
  });
  if (next >= args.length || !isOrdered) return text;
  const extra = args.slice(next).map((arg) => `${typeOf(arg)}=${format(arg)}`);
  return `${text}%!(EXTRA ${extra.join(", ")})`;
}

function formatVerb(spec: Spec, value: Value): string {
  const isMany = value instanceof Map || (typeof value === "object" && isList(value));
  return isMany && !/[vT]/.test(spec.verb) ? formatEach(spec, value) : formatOne(spec, value);
}

/** What is asked of many is done to each of them, of as many as can be printed. */
function formatEach(spec: Spec, many: Dict | readonly Value[]): string {
  format(many);
  const each = (one: Value): string => formatVerb(spec, one);
  if (!(many instanceof Map)) return `[${many.map(each).join(" ")}]`;
  const entries = sortedKeys(many).map((key) => `${each(key)}:${each(many.get(key) ?? null)}`);
  return `map[${entries.join(" ")}]`;
}

function formatOne(spec: Spec, value: Value): string {
  switch (spec.verb) {
    case "v":
      return spec.flags.includes("+") && typeof value === "number"
        ? signed(value, spec)
        : format(value);
    case "s":
      return cut(asText(value, spec.verb), spec);
    case "q":
      return typeof value === "string" ? JSON.stringify(value) : wrong(spec.verb, value);
    case "T":
      return typeOf(value);
    case "t":
      return typeof value === "boolean" ? String(value) : wrong(spec.verb, value);
    default:
      return formatNumber(spec, value);
  }
}

function formatNumber(spec: Spec, value: Value): string {
  const whole = integerOf(value);
  if (whole !== undefined) {
    const digits = integer(spec.verb, whole);
    return digits === undefined
      ? wrong(spec.verb, value)
      : withSign(digits.padStart(spec.precision ?? 0, "0"), spec);
  }
  if (typeof value === "number") return float(spec, value);
  if (typeof value === "string" && /[xX]/.test(spec.verb)) {
    const hex = Buffer.from(value).toString("hex");
    return spec.verb === "x" ? hex : hex.toUpperCase();
  }
  return wrong(spec.verb, value);
}

function integer(verb: string, value: bigint): string | undefined {
  switch (verb) {
    case "d":
      return value.toString();
    case "b":
      return value.toString(2);
    case "o":
      return value.toString(8);
    case "x":
      return value.toString(16);
    case "X":
      return value.toString(16).toUpperCase();
    case "c":
      return String.fromCodePoint(Number(BigInt.asUintN(20, value)));
    case "U":
      return `U+${value.toString(16).toUpperCase().padStart(4, "0")}`;
    default:
      return undefined;
  }
}

function float(spec: Spec, value: number): string {
  const precision = Math.min(spec.precision ?? 6, 100);
  switch (spec.verb) {
    case "f":
    case "F":
      return withSign(value.toFixed(precision), spec);
    case "e":
      return withSign(value.toExponential(precision).replace(/e([+-])(\d)$/, "e$10$2"), spec);
    case "g":
      return spec.precision === undefined
        ? signed(value, spec)
        : withSign(String(Number(value.toPrecision(Math.max(1, precision)))), spec);
    default:
      return wrong(spec.verb, value);
  }
}

function signed(value: number, spec: Spec): string {
  return withSign(formatFloat(value), spec);
}

function withSign(digits: string, { flags }: Spec): string {
  if (digits.startsWith("-")) return digits;
  if (flags.includes("+")) return `+${digits}`;
  return flags.includes(" ") ? ` ${digits}` : digits;
}

function asText(value: Value, verb: string): string {
  if (value === null) return `%!${verb}(<nil>)`;
  const isNumber = typeof value === "number" || integerOf(value) !== undefined;
  if (isNumber || typeof value === "boolean") return wrong(verb, value);
  return format(value);
}

function cut(text: string, { precision }: Spec): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join("");
}

function wrong(verb: string, value: Value): string {
  return value === null ? `%!${verb}(<nil>)` : `%!${verb}(${typeOf(value)}=${format(value)})`;
}

function padded(text: string, { flags, width, verb }: Spec): string {
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0") || !/[dfFegxXob]/.test(verb)) return text.padStart(width);
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}
