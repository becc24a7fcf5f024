import { isMissing, readSmallFile } from "../../content/small-file.ts";
import type { ErrorCode } from "../../codes.ts";
import type { ErrorKind } from "../../errors.ts";
import { withoutBom } from "../../oci/json.ts";
import { parseSecretJson, type z } from "../../oci/schema.ts";

/** Undefined for a file that is missing or empty. @throws DrayError `DRAY_CREDENTIALS_INVALID` */
export async function readCredentialsFile<T>(
  path: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = withoutBom(await readSmallFile(path, { what: "credentials file" }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  // A login tool that was stopped, and a pipeline that has mounted nothing, leave it empty.
  if (Buffer.from(bytes).toString("utf8").trim() === "") return undefined;
  return parseSecretJson(schema, bytes, aboutFile(path));
}

/** How a file of credentials is spoken of; the user named it, or the environment. */
export function aboutFile(path: string): { what: string; code: ErrorCode; kind: ErrorKind } {
  const what = `credentials file ${JSON.stringify(path)}`;
  return { what, code: "DRAY_CREDENTIALS_INVALID", kind: "usage" };
}
