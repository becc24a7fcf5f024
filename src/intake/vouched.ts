import { kindOf, referrerOf } from "../bundle/artifact.ts";
import type { Finding } from "../finding.ts";
import { judge, requireVouched } from "../trust/images/judge.ts";
import type { ImageRule } from "../trust/images/image-rule.ts";
import { readPolicy } from "../trust/images/signers.ts";
import { artifactsOf } from "./artifacts.ts";
import type { Ingredients } from "./gather.ts";

/**
 * Says who vouches for what was gathered, before any of it is pulled.
 * @throws PolicyRefused, DrayError for files of the policy that cannot be used
 */
export async function vouchedFor(
  ingredients: Ingredients,
  policy: readonly ImageRule[],
): Promise<Finding[]> {
  const candidates = artifactsOf(ingredients).map((artifact) => {
    const { reference, root, source } = artifact;
    const { subject } = referrerOf(artifact) ?? {};
    return { kind: kindOf(artifact), reference, root, source, subject };
  });
  const findings = await judge(candidates, await readPolicy(policy));
  requireVouched(findings);
  return findings;
}
