import { kindOf, referrerOf } from "../bundle/artifact.ts";
import { FILES_DIRECTORY } from "../bundle/format.ts";
import { verified } from "../content/verify.ts";
import type { Finding } from "../finding.ts";
import { judge, requireVouched } from "../trust/images/judge.ts";
import type { Carried } from "../trust/images/root-file.ts";
import { readPolicy } from "../trust/images/signers.ts";
import { artifactsOf } from "./artifacts.ts";
import type { Ingredients } from "./gather.ts";
import type { Recipe } from "./recipe/recipe.ts";

/**
 * Says who vouches for what was gathered, before any of it is pulled.
 * @throws PolicyRefused, DrayError for files of the policy that cannot be used
 */
export async function vouchedFor(ingredients: Ingredients, recipe: Recipe): Promise<Finding[]> {
  const candidates = artifactsOf(ingredients).map((artifact) => {
    const { reference, root, source } = artifact;
    const { subject } = referrerOf(artifact) ?? {};
    return { kind: kindOf(artifact), reference, root, source, subject };
  });
  const rules = await readPolicy(recipe.policy, carriedFrom(ingredients, recipe));
  const findings = await judge(candidates, rules);
  requireVouched(findings);
  return findings;
}

/** The files that the recipe itself lists: whoever wrote it answers for them, and for no others. */
export function carriedFrom({ files }: Ingredients, recipe: Recipe): Carried {
  const listed = new Set(recipe.files.map(({ as }) => `${FILES_DIRECTORY}/${as}`));
  const own = files.filter(({ path }) => listed.has(path));
  return {
    files: own.map(({ path, descriptor, source }) => ({
      path,
      size: descriptor.size,
      content: () => verified(source.fetch(descriptor), descriptor, { from: source.name }),
    })),
  };
}
