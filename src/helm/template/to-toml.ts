import type { Budget } from "./budget.ts";
import { formatFloat } from "../../yaml/go-yaml.ts";
import { TemplateError } from "./template-error.ts";
import { isList, sortedKeys, Struct, type Dict, type Value } from "./value.ts";

/** Tables within tables; a dictionary that holds itself ends here. */
const MAX_NESTING = 100;

/**
 * Writes a value as the encoder in Helm does: plain entries before tables, each further in than the
 * table around it.
 * https://github.com/BurntSushi/toml/blob/v1.5.0/encode.go
 */
export function writeToml(value: Value, budget: Budget): string {
  if (value === null) throw new TemplateError("there is nothing (nil) to write");
  if (hasNothing(value)) return "toml: cannot encode array with nil element";
  if (!(value instanceof Map)) return inline(value, budget, 0);
  const lines: string[] = [];
  writeTable(value, [], { lines, budget });
  return lines.map((line) => `${line}\n`).join("");
}

/** A list with nothing in one of its places ends all of it, and the message stands for the text. */
function hasNothing(value: Value, depth = 0): boolean {
  if (depth > MAX_NESTING) return false;
  if (isList(value)) return value.some((item) => item === null || hasNothing(item, depth + 1));
  if (!(value instanceof Map)) return false;
  return [...value.values()].some((item) => hasNothing(item, depth + 1));
}

interface Writing {
  readonly lines: string[];
  readonly budget: Budget;
}

function writeTable(table: Dict, path: readonly string[], to: Writing): void {
  const keys = sortedKeys(table);
  const isInner = (key: string): boolean => isTable(table.get(key)) || isTables(table.get(key));
  for (const key of keys) {
    const value = table.get(key) ?? null;
    if (value === null || isInner(key)) continue;
    const line = `${indentOf(path.length)}${keyText(key)} = ${inline(value, to.budget, 0)}`;
    to.budget.text(line.length);
    to.lines.push(line);
  }
  for (const key of keys.filter(isInner)) writeInner(table.get(key) ?? null, [...path, key], to);
}

function writeInner(value: Value, path: readonly string[], to: Writing): void {
  to.budget.step();
  if (path.length > MAX_NESTING) return;
  const [indent, name] = [indentOf(path.length - 1), path.map(keyText).join(".")];
  const space = (): void => {
    if (to.lines.length > 0) to.lines.push("");
  };
  to.budget.text(indent.length + name.length);
  const tables = isTables(value) ? value : [];
  for (const table of tables) {
    space();
    to.budget.text(indent.length + name.length);
    to.lines.push(`${indent}[[${name}]]`);
    writeTable(table, path, to);
  }
  if (!isTable(value)) return;
  if (path.length === 1) space();
  to.lines.push(`${indent}[${name}]`);
  writeTable(value, path, to);
}

function isTable(value: Value | undefined): value is Dict {
  return value instanceof Map;
}

function isTables(value: Value | undefined): value is readonly Dict[] {
  return isList(value) && value.length > 0 && value.every(isTable);
}

function indentOf(depth: number): string {
  return "  ".repeat(depth);
}

function keyText(key: string): string {
  return /^[\w-]+$/.test(key) ? key : quoted(key);
}

function inline(value: Value, budget: Budget, depth: number): string {
  budget.step();
  if (depth > MAX_NESTING || value === null || value instanceof Struct) return "";
  if (typeof value === "string") {
    budget.text(value.length);
    return quoted(value);
  }
  if (typeof value === "number") return decimal(value);
  if (isTable(value)) {
    const entries = sortedKeys(value)
      .filter((key) => value.get(key) !== null)
      .map((key) => `${keyText(key)} = ${inline(value.get(key) ?? null, budget, depth + 1)}`);
    return `{${entries.join(", ")}}`;
  }
  if (!isList(value)) return String(value);
  return `[${value.map((item) => inline(item, budget, depth + 1)).join(", ")}]`;
}

/** Without an exponent, and never without a point. */
function decimal(value: number): string {
  if (!Number.isFinite(value)) return formatFloat(value).toLowerCase();
  return Number.isInteger(value) ? `${BigInt(value)}.0` : plainDecimal(value);
}

/** `1e-7` written out. */
function plainDecimal(value: number): string {
  const [digits = "", exponent = "0"] = String(value).split("e");
  if (exponent === "0") return digits;
  const [whole = "", part = ""] = digits.replace("-", "").split(".");
  const zeros = "0".repeat(Math.max(0, -Number(exponent) - whole.length));
  return `${value < 0 ? "-" : ""}0.${zeros}${whole}${part}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

function quoted(text: string): string {
  return `"${text.replace(/["\\]|(?![\u0080-\u009f])\p{Cc}/gu, escaped)}"`;
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, "0");
  return ESCAPES[character] ?? `\\u${code}`;
}
