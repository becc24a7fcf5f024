import { DrayError } from "../../errors.ts";
import { all } from "../../content/concurrency.ts";
import { hasErrors, type Finding } from "../../finding.ts";
import { Evidence, type Candidate } from "./evidence.ts";
import { imagesOf, statementsIn } from "./index-statements.ts";
import { uncovered, unattested, unsigned, vouched } from "./policy-findings.ts";
import { inEach, isOfType } from "./predicates.ts";
import type { ReadyRule } from "./signers.ts";
import { standingOf, type Standing } from "./standing.ts";

/** Images for which those do not vouch who have to; the findings say which, and why. */
export class PolicyRefused extends DrayError {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === "error");
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    super("DRAY_POLICY_REFUSED", `${first?.message ?? "The policy refuses an image"}${more}`, {
      kind: "refused",
      hint: first?.hint,
    });
    this.findings = findings;
  }
}

/** @throws PolicyRefused */
export function requireVouched(findings: readonly Finding[]): void {
  if (hasErrors(findings)) throw new PolicyRefused(findings);
}

/**
 * Says of every image, and of every chart and artifact of a registry, whether those vouch for it whom
 * the first rule names that it falls under. `beside` has what may be signed about them. Nobody is asked
 * who is not a source of what is judged. No rules say nothing.
 */
export async function judge(
  candidates: readonly Candidate[],
  rules: readonly ReadyRule[],
  beside: readonly Candidate[] = candidates,
): Promise<Finding[]> {
  if (rules.length === 0) return [];
  const evidence = new Evidence(beside);
  const own = candidates.filter((one) => one.kind !== "referrer" && isOfRegistry(one));
  return (await all(own.map((one) => judgeOne(one, rules, evidence)))).flat();
}

/** A chart that was packed from a file or a chart repository has no name of a registry. */
function isOfRegistry({ reference }: Candidate): boolean {
  return !reference.startsWith("charts/");
}

async function judgeOne(
  candidate: Candidate,
  rules: readonly ReadyRule[],
  evidence: Evidence,
): Promise<Finding[]> {
  const { reference } = candidate;
  const rule = rules.find(({ images }) => images.some((pattern) => matches(pattern, reference)));
  if (rule === undefined) return [uncovered(reference)];
  const { own, images } = await standingsOf(candidate, rule, evidence);
  const enough = ({ signedBy }: Standing): boolean => signedBy.size >= rule.require;
  const parts = images.length > 0 && images.every(enough) ? images : undefined;
  if (!enough(own) && parts === undefined) return [unsigned(reference, rule, [own, ...images])];
  const attested = await attestedOf(candidate, { own, images, isSigned: isSignedWhole(own, rule) });
  const missing = rule.attestations.filter(
    (asked) => !attested.some((type) => isOfType(type, asked)),
  );
  if (missing.length > 0)
    return [unattested(reference, rule, { missing, standings: [own, ...images] })];
  return [
    vouched(reference, { rule, by: enough(own) ? [own] : (parts ?? []), isWhole: enough(own) }),
  ];
}

function isSignedWhole({ signedBy }: Standing, { require }: ReadyRule): boolean {
  return require > 0 && signedBy.size >= require;
}

/** Of the manifest that has the name, and of the images in it if it is an index. */
async function standingsOf(
  { root: { descriptor, manifest }, source }: Candidate,
  { signers }: ReadyRule,
  evidence: Evidence,
): Promise<{ own: Standing; images: readonly Standing[] }> {
  const how = { evidence, signers };
  const children = manifest.kind === "index" ? imagesOf(manifest) : [];
  const [own, ...images] = await all([
    standingOf(descriptor, source, how),
    ...children.map((child) => standingOf(child, source, how)),
  ]);
  if (own === undefined) throw new Error("there is a standing for every manifest");
  return { own, images };
}

/** Predicate types that are attested of the whole, or of each image in it. */
async function attestedOf(
  { root: { manifest }, source }: Candidate,
  { own, images, isSigned }: { own: Standing; images: readonly Standing[]; isSigned: boolean },
): Promise<string[]> {
  const ofEach = inEach(images.map(({ attested }) => attested));
  const inside = isSigned && manifest.kind === "index" ? await statementsIn(manifest, source) : [];
  return [...own.attested, ...ofEach, ...inside];
}

/** Compared with the name as it is, without its digest, and without tag and digest. */
function matches(pattern: string, reference: string): boolean {
  const quoted = pattern.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`);
  const wanted = new RegExp(`^${quoted.replaceAll(/\*+/g, ".*")}$`, "s");
  const name = reference.replace(/^oci:\/\//, "");
  const tagged = name.replace(/@.*$/, "");
  return [name, tagged, tagged.replace(/:[^/:]*$/, "")].some((form) => wanted.test(form));
}
