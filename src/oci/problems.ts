import { z } from "zod";
import { nearest } from "./nearest.ts";

/** Where the parts of a document stand in its text. */
export interface Places {
  find(path: Path): { readonly line: number; readonly column: number } | undefined;
}

type Path = readonly PropertyKey[];

/** How what a user wrote is spoken of. */
export interface WrittenDocument {
  readonly schema: z.ZodType;
  readonly places: Places;
}

/** Of a document that is wrong all over, a few places are enough. */
export const MOST_PROBLEMS = 10;

/** What does not fit, place by place; of what a user wrote with line, column and a better word. */
export function problemsOf({ issues }: z.ZodError, written?: WrittenDocument): string {
  const problems = issues.flatMap((issue) => unfolded(issue, []));
  return problems
    .slice(0, MOST_PROBLEMS)
    .map(({ path, issue }) => {
      const keys = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
      const words = explain(issue, written && keysAt(written.schema, path));
      return written === undefined
        ? `${inWords(path) || "document: "}${words}`
        : `${placeOf([...path, ...keys], written.places)}${inWords(path)}${words}`;
    })
    .join(written === undefined ? "; " : "\n  ");
}

/** `line 3, column 5: ` of what stands at `path`; nothing where that is not known. */
export function placeOf(path: Path, places: Places): string {
  const place = places.find(path);
  return place === undefined ? "" : `line ${place.line}, column ${place.column}: `;
}

/** `charts, item 2, images: ` */
export function inWords(path: Path): string {
  const words = path.map((part) => (typeof part === "number" ? `item ${part + 1}` : String(part)));
  return words.length === 0 ? "" : `${words.join(", ")}: `;
}

interface Problem {
  readonly path: Path;
  readonly issue: z.core.$ZodIssue;
}

/** Of several forms that something may have, the one that it most nearly has is worth talking of. */
export function unfolded(issue: z.core.$ZodIssue, above: Path): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union") return [{ path, issue }];
  const [nearly] = issue.errors
    .filter((issues) => issues.every((one) => one.path.length > 0 || one.code !== "invalid_type"))
    .toSorted((a, b) => a.length - b.length);
  return nearly === undefined ? [{ path, issue }] : nearly.flatMap((one) => unfolded(one, path));
}

const KINDS: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a table of keys and values",
  record: "a table of keys and values",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function explain(issue: z.core.$ZodIssue, known: readonly string[] = []): string {
  if (issue.code === "invalid_type") return `expected ${KINDS[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") return `expected ${issue.values.map(String).join(", ")}`;
  if (issue.code === "invalid_union") return "it has none of the forms that it may have";
  if (issue.code === "too_small") return `expected at least ${sizeOf(issue.origin, issue.minimum)}`;
  if (issue.code === "too_big") return `expected at most ${sizeOf(issue.origin, issue.maximum)}`;
  if (issue.code !== "unrecognized_keys") {
    // A sentence of the library's own says less than what is wanted in our words, which begin so.
    return issue.message.startsWith("expected") ? issue.message : `it is not as it has to be`;
  }
  return issue.keys
    .slice(0, MOST_PROBLEMS)
    .map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
      return `unknown key ${JSON.stringify(key)}${hint}`;
    })
    .join(", ");
}

/** `1 character`, `3 entries`, `0`: bounds of texts, lists and numbers. */
function sizeOf(origin: string, bound: number | bigint): string {
  const unit = UNITS[origin];
  if (unit === undefined) return String(bound);
  return `${bound} ${bound === 1 ? unit[0] : unit[1]}`;
}

const UNITS: Readonly<Record<string, readonly [one: string, several: string]>> = {
  string: ["character", "characters"],
  array: ["entry", "entries"],
  set: ["entry", "entries"],
};

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The keys that a table at `path` may have. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let forms: readonly JsonSchema[] = [z.toJSONSchema(schema) as JsonSchema];
  for (const part of path) {
    forms = forms.flatMap(({ properties, items, anyOf = [] }) =>
      [{ properties, items }, ...anyOf].flatMap(
        (form) => (typeof part === "number" ? form.items : form.properties?.[String(part)]) ?? [],
      ),
    );
  }
  return forms.flatMap(({ properties, anyOf = [] }) =>
    [{ properties }, ...anyOf].flatMap((form) => Object.keys(form.properties ?? {})),
  );
}
