import { z } from "zod";
import type { ErrorCode } from "../codes.ts";
import { DrayError } from "../errors.ts";
import { parseJson } from "./json.ts";

/** The one way in which a document of somebody else becomes a checked type. */
export { z };

/** A list. Programs written in Go write an empty one as null, and read one that is left out as empty. */
export function listOf<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

/**
 * Checks a parsed document against a schema; `what` names the document.
 * @throws DrayError with `code`, naming the places that do not fit
 */
export function parseAs<T>(
  schema: z.ZodType<T>,
  value: unknown,
  { what, code }: { what: string; code: ErrorCode },
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const reason = problemsOf(result.error);
  throw new DrayError(code, `Cannot read ${what}: ${reason}`, { kind: "refused" });
}

/**
 * Parses JSON that holds secrets: what a parser says of it quotes it, and must not be passed on.
 * @throws DrayError with `code`
 */
export function parseSecretJson<T>(
  schema: z.ZodType<T>,
  bytes: Buffer,
  { what, code }: { what: string; code: ErrorCode },
): T {
  try {
    return parseAs(schema, parseJson(bytes, what), { what, code });
  } catch (error) {
    const isReadable = error instanceof DrayError && error.code === code;
    const message = `Cannot read ${what}: expected JSON, found something else`;
    throw new DrayError(code, isReadable ? error.message : message);
  }
}

/** Where the parts of a document stand in its text. */
interface Places {
  find(
    path: readonly PropertyKey[],
  ): { readonly line: number; readonly column: number } | undefined;
}

/** What does not fit, place by place. Of a document that is wrong all over, `most` are enough. */
export function problemsOf(
  { issues }: z.ZodError,
  { most = 5, places }: { most?: number; places?: Places } = {},
): string {
  return issues
    .slice(0, most)
    .map((issue) => {
      const { path, message } = issue;
      const place = places?.find("keys" in issue ? [...path, ...issue.keys.slice(0, 1)] : path);
      const where = place === undefined ? "" : ` (line ${place.line}, column ${place.column})`;
      return `${path.join(".") || "document"}${where}: ${message}`;
    })
    .join("; ");
}
