import { otherThanListed } from "../archive/parts/other-than-listed.ts";
import { startRun, type RunOptions } from "../events.ts";
import { findingOf, hasErrors, type Finding } from "../finding.ts";
import { foreseePush } from "../delivery/foresee.ts";
import type { ContentsDocument } from "../bundle/format.ts";
import { deliverables } from "../delivery/plan.ts";
import type { OpenedDelta } from "../bundle/left-out.ts";
import { carriedBy } from "../delivery/vouched.ts";
import { DrayError } from "../errors.ts";
import type { OpenedBundle } from "../bundle/opened.ts";
import { judge } from "../trust/images/judge.ts";
import type { ImageRule } from "../trust/images/image-rule.ts";
import { readPolicy, requirePolicyFiles } from "../trust/images/signers.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface VerifyOptions extends BundleOptions {
  /** Who must vouch for what is in it, by its name at the source. @default nobody has to */
  readonly policy?: readonly ImageRule[] | undefined;
}

export interface VerifyReport {
  readonly path: string;
  /** What the carrier turned out to be. */
  readonly form: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Others have made it: it has no list that could be signed. */
  readonly isForeign: boolean;
  /** True if the bundle may be used. */
  readonly good: boolean;
  readonly bundleDigest: string | undefined;
  /** Ids of the trusted keys that have signed, with the files that they were read from. */
  readonly signedBy: readonly { id: string; from: string }[];
  readonly manifest: ContentsDocument | undefined;
  /** What a delta leaves out, and no base has; undefined for a bundle that has all of it. */
  readonly delta?: OpenedDelta | undefined;
  readonly stripped: readonly string[];
  readonly findings: readonly Finding[];
}

/** Checks every byte of a bundle, and who has signed it and the images in it. Everything that is wrong is found at once. */
export async function verify(
  options: VerifyOptions,
  runOptions: RunOptions = {},
): Promise<VerifyReport> {
  const run = startRun(runOptions);
  const { policy = [] } = options;
  await requirePolicyFiles(policy);
  return withBundle({ ...options, content: "hashed" }, run, async (bundle, { size }) => {
    const foreseen = foreseePush(bundle.contents?.artifacts ?? []);
    const findings = [
      ...bundle.findings,
      ...(await otherThanListed(options.path)),
      ...foreseen,
      ...(await judged(bundle, policy)),
    ];
    return {
      path: options.path,
      form: bundle.form,
      isForeign: bundle.isForeign,
      size,
      good: !hasErrors(findings) && bundle.graph !== undefined,
      bundleDigest: bundle.bundleDigest,
      signedBy: bundle.signedBy.map(({ id, from }) => ({ id, from })),
      manifest: bundle.contents,
      ...(bundle.delta && { delta: bundle.delta }),
      stripped: bundle.stripped,
      findings,
    };
  });
}

/** Of a bundle that is damaged nothing is worth looking at but what is wrong with it. */
async function judged(bundle: OpenedBundle, policy: readonly ImageRule[]): Promise<Finding[]> {
  const { contents, graph, source, findings } = bundle;
  if (contents === undefined || graph === undefined || hasErrors(findings)) return [];
  try {
    const rules = await readPolicy(policy, carriedBy(bundle));
    return await judge(deliverables({ contents, graph }, source), rules);
  } catch (error) {
    if (error instanceof DrayError && error.kind === "refused") return [findingOf(error)];
    throw error;
  }
}
