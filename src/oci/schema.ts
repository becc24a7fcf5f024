import { z } from "zod";
import type { ErrorCode } from "../codes.ts";
import { DrayError, type ErrorKind } from "../errors.ts";
import { NotJson, parseJson } from "./json.ts";
import { inWords, MOST_PROBLEMS, problemsOf, unfolded } from "./problems.ts";

/** The one way in which a document of somebody else becomes a checked type. */
export { z };

/** A list. Programs written in Go write an empty one as null, and read one that is left out as empty. */
export function listOf<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

/** What may be left out. Programs written in Go write null for it, and take null for nothing. */
export function absentOr<T>(value: z.ZodType<T>): z.ZodType<T | undefined> {
  return value.nullish().transform((given) => given ?? undefined);
}

/** How a document is spoken of where it is wrong. */
interface About {
  readonly what: string;
  readonly code: ErrorCode;
  /** @default "refused" */
  readonly kind?: ErrorKind;
}

/**
 * Checks a parsed document against a schema.
 * @throws DrayError with `code`, naming the places that do not fit
 */
export function parseAs<T>(schema: z.ZodType<T>, value: unknown, about: About): T {
  return checked(schema, value, (error) => unfit(error, about));
}

/**
 * As `parseAs`, for dray's own documents, whose schemas are strict: a field that is not known has a
 * meaning that a newer dray knows, and none is skipped.
 * @throws DrayError with `code`
 */
export function parseKnown<T>(schema: z.ZodType<T>, value: unknown, about: About): T {
  return checked(schema, value, (error) => {
    const newer = newerParts(error, value);
    if (newer.length === 0) return unfit(error, about);
    const message = `Cannot read ${about.what}: made by a newer dray: ${newer.join("; ")}`;
    const hint = "Update dray on this side.";
    return new DrayError(about.code, message, { kind: "refused", hint });
  });
}

function checked<T>(
  schema: z.ZodType<T>,
  value: unknown,
  fail: (error: z.ZodError) => DrayError,
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw fail(result.error);
}

function unfit(error: z.ZodError, { what, code, kind = "refused" }: About): DrayError {
  return new DrayError(code, `Cannot read ${what}: ${problemsOf(error)}`, { kind });
}

/** What only a newer program can have written: a field that is not known, a higher version. */
function newerParts({ issues }: z.ZodError, value: unknown): string[] {
  const problems = issues.flatMap((issue) => unfolded(issue, []));
  const parts = problems.flatMap(({ path, issue }) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map(
        (key) => `${inWords(path)}field ${JSON.stringify(key)} is not known here`,
      );
    }
    const [name = ""] = path.map(String);
    if (issue.code !== "invalid_value" || !name.endsWith("Version")) return [];
    const [known] = issue.values;
    const found: unknown = new Map(Object.entries(Object(value))).get(name);
    const isNewer = typeof found === "number" && typeof known === "number" && found > known;
    return isNewer ? [`${name} is ${found}, and ${known} is known here`] : [];
  });
  return parts.slice(0, MOST_PROBLEMS);
}

/**
 * Parses JSON that holds secrets: nothing that stands in it is quoted in errors, but keys.
 * @throws DrayError with `code`
 */
export function parseSecretJson<T>(schema: z.ZodType<T>, bytes: Uint8Array, about: About): T {
  return parseAs(schema, secretJson(bytes, about), about);
}

function secretJson(bytes: Uint8Array, { what, code, kind = "refused" }: About): unknown {
  try {
    return parseJson(bytes, what);
  } catch (error) {
    const { reason, hint } = error instanceof NotJson ? error.unquoted : NO_REASON;
    throw new DrayError(code, `Cannot read ${what}: ${reason}`, { kind, hint });
  }
}

const NO_REASON = { reason: "expected JSON, found something else", hint: undefined };
