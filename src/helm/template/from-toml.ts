import { parse, TomlError } from "smol-toml";
import type { Call } from "./signature.ts";
import { Integer, type Dict, type Value } from "./value.ts";

/** Tables and lists within one another. */
const MAX_NESTING = 100;

/**
 * Reads TOML as Helm does: what is none becomes a table that says so.
 * https://toml.io/en/v1.0.0
 */
export function readToml(text: string, { budget }: Call): Dict {
  budget.text(text.length);
  try {
    const document = parse(text, { integersAsBigInt: true, maxDepth: MAX_NESTING });
    return dictOf(document, () => budget.step());
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [message = ""] = error.message.split("\n");
    return new Map<string, Value>([["Error", `toml: line ${error.line}: ${message}`]]);
  }
}

function dictOf(table: object, onValue: () => void): Dict {
  const entries = Object.entries(table) as readonly (readonly [string, unknown])[];
  return new Map(entries.map(([key, value]) => [key, valueOf(value, onValue)]));
}

/** `onValue` pays for each value. Times are the texts that they are written as. */
function valueOf(value: unknown, onValue: () => void): Value {
  onValue();
  if (Array.isArray(value)) return value.map((item) => valueOf(item, onValue));
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) return dictOf(value, onValue);
  if (typeof value === "bigint") return Integer.int64(value);
  const isPlain = typeof value === "string" || typeof value === "boolean";
  return isPlain || typeof value === "number" ? value : null;
}
