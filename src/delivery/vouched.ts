import { append } from "../append.ts";
import type { Finding } from "../finding.ts";
import { judge, requireVouched } from "../trust/images/judge.ts";
import type { ImageRule } from "../trust/images/image-rule.ts";
import { readPolicy } from "../trust/images/signers.ts";
import type { Goods } from "./publish-charts.ts";

/**
 * Says who vouches for what is delivered, before anything is sent; each of several policies counts. What
 * was left out may still vouch for the rest.
 * @throws PolicyRefused, DrayError for files of a policy that cannot be used
 */
export async function vouchedFor(
  { plan, leftOut }: Goods,
  ...policies: readonly (readonly ImageRule[] | undefined)[]
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const policy of policies) {
    const rules = await readPolicy(policy ?? []);
    append(findings, await judge(plan, rules, [...plan, ...leftOut]));
  }
  requireVouched(findings);
  return findings;
}
