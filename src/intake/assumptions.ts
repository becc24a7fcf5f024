import type { Finding } from "../finding.ts";
import type { Recipe } from "./recipe/recipe.ts";
import type { Resolved } from "./resolve.ts";

/** What nobody has said and dray has taken for granted. */
export function assumptions(
  { version }: Recipe,
  used: string,
  images: readonly Resolved[],
): Finding[] {
  return [
    ...(version === undefined && used === UNSAID_VERSION
      ? [note("VERSION_ASSUMED", `nobody has said which version the bundle is: ${UNSAID_VERSION}`)]
      : []),
    ...latestTags(images.map(({ name }) => name)),
  ];
}

/** What a name without a tag stands for. */
export function latestTags(names: readonly string[]): Finding[] {
  const latest = names.filter((name) => name.endsWith(":latest"));
  if (latest.length === 0) return [];
  return [note("TAG_LATEST", `what has no tag is latest, which changes: ${latest.join(", ")}`)];
}

/** Tags that stand for one thing at a mirror and for another where the name says. */
export function otherTags(resolved: readonly Resolved[]): Finding[] {
  return resolved.flatMap(({ name, mirror, found: { digest }, atOrigin }) =>
    atOrigin === undefined
      ? []
      : [
          {
            code: "MIRROR_DIFFERS",
            severity: "warning",
            entry: name,
            wanted: atOrigin,
            found: digest,
            message: `${name} is ${digest} at ${mirror ?? "its mirror"}, which is packed, and ${atOrigin} where its name says`,
            hint: "If the mirror is behind, let it fetch the tag again; to pack the other one, name it by digest.",
          },
        ],
  );
}

function note(code: Finding["code"], message: string): Finding {
  return { code, severity: "info", message };
}

/** The version of what has none. */
export const UNSAID_VERSION = "0.0.0";
