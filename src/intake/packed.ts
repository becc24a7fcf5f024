import { kindOf, type Artifact, type BundleFile } from "../bundle/artifact.ts";
import type { Skipped } from "../bundle/skipped.ts";
import { BundleRefused } from "../bundle/opened.ts";
import { DrayError } from "../errors.ts";
import { hasErrors } from "../finding.ts";
import { adopt, type Adopted } from "../foreign/adopt.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { Packed } from "./from.ts";
import { takeOver } from "./own-bundles.ts";
import type { Recipe } from "./recipe/recipe.ts";

export interface TakeOptions {
  readonly packed: Packed;
  /** Time stamp of charts that become artifacts. */
  readonly created: Date;
  readonly includeNonDistributable: boolean;
}

/** All that goes in of what was packed before. */
export interface Taken {
  readonly adopted: Adopted;
  /** Plain files of dray's own bundles. */
  readonly files: readonly BundleFile[];
  /** What those left out on purpose. */
  readonly skipped: readonly Skipped[];
}

/**
 * Makes artifacts of what others have packed, and takes over what dray has.
 * @throws BundleRefused, DrayError `DRAY_RECIPE_AMBIGUOUS`, `DRAY_PLATFORM_MISSING`, `DRAY_NAME_UNUSED`
 */
export async function takePacked(
  { from, names, platforms }: Recipe,
  { packed: { foreign, bundles }, created, includeNonDistributable }: TakeOptions,
): Promise<Taken> {
  const options = { names, platforms, created, includeNonDistributable, isNameNeeded: true };
  const adopted = await adopt(foreign, options);
  if (hasErrors(adopted.findings)) throw new BundleRefused(from.join(", "), adopted.findings);
  const own = await takeOver(bundles, platforms);
  const artifacts = distinct([...adopted.artifacts, ...own.artifacts]);
  const [only] = bundles;
  return {
    adopted: {
      artifacts,
      identity: from.length === 1 && only !== undefined ? only.contents : adopted.identity,
      findings: [...adopted.findings, ...own.findings],
    },
    files: own.files,
    skipped: own.skipped,
  };
}

/** What was packed is there by its digest too. */
export function adoptedImages({ artifacts }: Adopted): Reference[] {
  return artifacts.flatMap((artifact) => {
    if (["chart", "referrer"].includes(kindOf(artifact))) return [];
    const { reference, root } = artifact;
    return [{ ...parseReference(reference), digest: root.descriptor.digest }];
  });
}

/** The same thing may come from two places, and goes in once. */
function distinct(artifacts: readonly Artifact[]): Artifact[] {
  const known = new Map<string, Artifact>();
  for (const artifact of artifacts) {
    const { reference, root, source } = artifact;
    const other = known.get(reference);
    known.set(reference, artifact);
    if (other === undefined || other.root.descriptor.digest === root.descriptor.digest) continue;
    throw new DrayError(
      "DRAY_RECIPE_AMBIGUOUS",
      `Cannot pack ${reference}: it is ${other.root.descriptor.digest} in ${other.source.name} and ${root.descriptor.digest} in ${source.name}`,
      { kind: "usage", hint: "A name means one thing in a bundle: leave one of them out." },
    );
  }
  return [...known.values()];
}
