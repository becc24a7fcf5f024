import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { repositoryProblem } from "../oci/reference.ts";
import type { PushTarget } from "./names.ts";
import { formatTarget } from "./plan.ts";
import type { PushedArtifact, Receipt } from "./receipt.ts";

/** What should be in one repository since a push. */
export interface AuditedArtifact {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest;
  /** What no artifact before it has named in this repository. */
  readonly blobs: readonly Descriptor[];
}

/**
 * Where the artifacts of a receipt should be now, `target` in the place of the target of the push.
 * @throws DrayError `DRAY_RECEIPT_INVALID` for a name that is not below the receipt's own target
 */
export function audited(receipt: Receipt, target: PushTarget): AuditedArtifact[] {
  const seen = new Set<string>();
  return receipt.artifacts.map((artifact) => {
    const { registry, repository } = movedTo(target, artifact, receipt);
    const blobs = artifact.blobs.filter(({ digest }) => {
      const place = `${repository}@${digest}`;
      return !seen.has(place) && seen.add(place);
    });
    const { tag, digest } = artifact;
    return { registry, repository, tag, digest, blobs };
  });
}

function movedTo(
  target: PushTarget,
  { pinned, digest, blobs }: PushedArtifact,
  receipt: Receipt,
): { registry: string; repository: string } {
  const suffix = `@${digest}`;
  const before = `${receipt.target}/`;
  const { registry } = target;
  const isBelow = pinned.startsWith(before) && pinned.endsWith(suffix);
  const path = isBelow ? pinned.slice(before.length, -suffix.length) : "";
  const repository = `${formatTarget(target)}/${path}`.slice(registry.length + 1);
  const isWhole = blobs.some((blob) => blob.digest === digest);
  if (isBelow && isWhole && repositoryProblem(repository, registry) === undefined) {
    return { registry, repository };
  }
  throw new DrayError(
    "DRAY_RECEIPT_INVALID",
    `Cannot audit ${JSON.stringify(pinned)}: expected a repository below ${receipt.target}, ${suffix} and what that consists of`,
    { kind: "usage", hint: "The receipt was changed after the push." },
  );
}
