import { z } from "zod";
import type { ErrorCode } from "../codes.ts";
import { DrayError } from "../errors.ts";

/** The one way in which a document of somebody else becomes a checked type. */
export { z };

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

/** What does not fit, place by place. Of a document that is wrong all over, `most` are enough. */
export function problemsOf({ issues }: z.ZodError, most = 5): string {
  return issues
    .slice(0, most)
    .map(({ path, message }) => `${path.join(".") || "document"}: ${message}`)
    .join("; ");
}
