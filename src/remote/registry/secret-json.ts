import type { ErrorCode } from "../../codes.ts";
import { DrayError } from "../../errors.ts";
import { parseJson } from "../../oci/json.ts";
import { parseAs, type z } from "../../oci/schema.ts";

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
