import type { Finding } from "../finding.ts";
import type { Recipe } from "./recipe/recipe.ts";
import type { Resolved } from "./resolve.ts";

/** What nobody has said and dray has taken for granted. */
export function assumptions(
  { version }: Recipe,
  used: string,
  images: readonly Resolved[],
): Finding[] {
  const latest = images.flatMap(({ name }) => (name.endsWith(":latest") ? [name] : []));
  return [
    ...(version === undefined && used === UNSAID_VERSION
      ? [note("VERSION_ASSUMED", `nobody has said which version the bundle is: ${UNSAID_VERSION}`)]
      : []),
    ...(latest.length === 0
      ? []
      : [note("TAG_LATEST", `what has no tag is latest, which changes: ${latest.join(", ")}`)]),
  ];
}

function note(code: Finding["code"], message: string): Finding {
  return { code, severity: "info", message };
}

/** The version of what has none. */
export const UNSAID_VERSION = "0.0.0";
