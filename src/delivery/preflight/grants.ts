import { z } from "../../oci/schema.ts";

const claimsSchema = z.object({
  access: z
    .array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) }))
    .nullable(),
});

/**
 * Whether a token of the distribution's kind lets somebody push to a repository; undefined for a token
 * that nobody but its registry can read.
 * https://github.com/distribution/distribution/blob/v3.0.0/docs/content/spec/auth/jwt.md
 */
export function letsPush(token: string, repository: string): boolean | undefined {
  const parsed = claimsSchema.safeParse(jsonIn(token.split(".")[1] ?? ""));
  if (!parsed.success) return undefined;
  return (parsed.data.access ?? []).some(
    ({ type, name, actions }) =>
      type === "repository" &&
      name === repository &&
      actions.some((action) => action === "push" || action === "*"),
  );
}

function jsonIn(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, "base64url").toString("utf8"));
  } catch {
    // An opaque token, then.
    return undefined;
  }
}
