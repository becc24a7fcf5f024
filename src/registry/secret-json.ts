import type { z } from "zod";
import { DrayError } from "../errors.ts";
import { parseAs } from "../oci/descriptor.ts";
import { parseJson } from "../oci/json.ts";

/**
 * Parses JSON that holds secrets: what a parser says of it quotes it, and must not be passed on.
 * @throws DrayError with `code`
 */
export function parseSecretJson<T>(
  schema: z.ZodType<T>,
  bytes: Buffer,
  { what, code }: { what: string; code: string },
): T {
  let value: unknown;
  try {
    value = parseJson(bytes, what);
  } catch {
    throw new DrayError(code, `Cannot read ${what}: expected JSON, found something else`);
  }
  return parseAs(schema, value, { what, code });
}
