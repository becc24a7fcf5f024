import { append } from "../content/append.ts";
import type { OpenedBundle } from "../bundle/opened.ts";
import type { Finding } from "../finding.ts";
import { judge, requireVouched } from "../trust/images/judge.ts";
import type { ImageRule } from "../trust/images/image-rule.ts";
import { nothingCarried, type Carried } from "../trust/images/root-file.ts";
import { readPolicy } from "../trust/images/signers.ts";
import type { Goods } from "./publish-charts.ts";

/** Rules, and the files that they may name of what travels. */
interface Policy {
  readonly rules: readonly ImageRule[] | undefined;
  readonly carried: Carried;
}

/**
 * Says who vouches for what is delivered, before anything is sent; each of several policies counts. What
 * was left out may still vouch for the rest.
 * @throws PolicyRefused, DrayError for files of a policy that cannot be used
 */
export async function vouchedFor(
  { plan, leftOut }: Goods,
  ...policies: readonly Policy[]
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { rules, carried } of policies) {
    const ready = await readPolicy(rules ?? [], carried);
    append(findings, await judge(plan, ready, [...plan, ...leftOut]));
  }
  requireVouched(findings);
  return findings;
}

/** The files of a bundle, which count on the word of a trusted key that has signed it. */
export function carriedBy({ signedBy, files }: OpenedBundle): Carried {
  if (signedBy.length > 0) return { files: files() };
  return nothingCarried("no trusted key has signed the bundle, so nobody answers for its files");
}
