import { TemplateError } from "./template-error.ts";
import type { Value } from "./value.ts";

/** Tables and lists within one another. */
const MAX_NESTING = 100;

/** Reads JSON and nothing else, as Go does. `onValue` is called for every value. @throws TemplateError */
export function readJson(text: string, onValue: () => void): Value {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TemplateError(whyNone(text));
  }
  return valueOf(json, onValue, 0);
}

/** In Go's words where they are known beforehand. */
function whyNone(text: string): string {
  const [first] = text.trimStart();
  if (first === undefined) return "unexpected end of JSON input";
  const begins = /^[-{["0-9tfn]/.test(first);
  return `invalid character ${quoted(first)} ${begins ? "in JSON" : "looking for beginning of value"}`;
}

/** Go looks at the first byte alone. */
function quoted(character: string): string {
  const byte = Buffer.from(character).toString("latin1", 0, 1);
  return byte === "'" ? String.raw`'\''` : `'${byte}'`;
}

function valueOf(json: unknown, onValue: () => void, depth: number): Value {
  if (depth > MAX_NESTING) throw new TemplateError(`nested deeper than ${MAX_NESTING} levels`);
  onValue();
  if (Array.isArray(json)) return json.map((item) => valueOf(item, onValue, depth + 1));
  if (typeof json === "object" && json !== null) {
    const entries = Object.entries(json) as [string, unknown][];
    return new Map(entries.map(([key, item]) => [key, valueOf(item, onValue, depth + 1)]));
  }
  if (typeof json === "number" && !Number.isFinite(json)) {
    throw new TemplateError("json: cannot unmarshal number into Go value of type float64");
  }
  // Half of a pair of characters is none to Go.
  if (typeof json === "string") return Buffer.from(json).toString();
  return json as number | boolean | null;
}
