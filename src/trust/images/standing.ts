import type { Descriptor } from "../../oci/descriptor.ts";
import type { Source } from "../../content/content.ts";
import type { Evidence } from "./evidence.ts";
import { isUnread, type Signed } from "./signed.ts";
import type { Signer } from "./signers.ts";

/** Who vouches for one manifest, of those whose word counts. */
export interface Standing {
  /** Who has signed it, by their ids. */
  readonly signedBy: ReadonlyMap<string, string>;
  /** What has been attested of it: predicate types. */
  readonly attested: ReadonlySet<string>;
  /** Why other things that stand beside it do not count. */
  readonly reasons: readonly string[];
}

/** Looks at everything that is signed about a manifest. */
export async function standingOf(
  manifest: Descriptor,
  source: Source,
  { evidence, signers }: { evidence: Evidence; signers: readonly Signer[] },
): Promise<Standing> {
  const signedBy = new Map<string, string>();
  const attested = new Set<string>();
  const reasons = new Set<string>();
  for (const found of await evidence.about(manifest, source)) {
    const { from } = found;
    if (isUnread(found)) {
      reasons.add(`${from}: ${found.problem}`);
      continue;
    }
    if (!found.about.includes(manifest.digest)) {
      reasons.add(`${from}: it is about ${found.about[0] ?? "nothing"}, and not about this`);
      continue;
    }
    const { who, why } = signersOf(found, signers);
    if (who.length === 0) reasons.add(`${from}: ${why.join("; ")}`);
    else if (found.predicateType !== undefined) attested.add(found.predicateType);
    else for (const { id, who: name } of who) signedBy.set(id, name);
  }
  return { signedBy, attested, reasons: [...reasons] };
}

function signersOf(
  signed: Signed,
  signers: readonly Signer[],
): { readonly who: readonly { id: string; who: string }[]; readonly why: readonly string[] } {
  const verdicts = signers.map(({ check }) => check(signed));
  return {
    who: verdicts.flatMap((verdict) => ("who" in verdict ? [verdict] : [])),
    why: [...new Set(verdicts.flatMap((one) => ("reason" in one ? [one.reason] : [])))],
  };
}
