import { standingOf, type Base, type Held } from "../bundle/base.ts";
import { MAX_PLACES, type DeltaBase } from "../bundle/delta-document.ts";
import type { Digest } from "../oci/digest.ts";
import type { PushedArtifact, Receipt } from "./receipt.ts";

/** What a receipt says is at its target, and nothing that it does not. */
export function baseOfReceipt({ bundle, target, artifacts }: Receipt): Base {
  const { name, version, digest } = bundle;
  const about: DeltaBase = { kind: "receipt", name, version, digest, target };
  const held = new Map<Digest, { size: number; repositories: string[] }>();
  for (const artifact of artifacts) {
    const repository = repositoryOf(artifact);
    for (const { digest: blob, size, result } of artifact.blobs) {
      if (result === "unfinished") continue;
      const known = held.get(blob) ?? { size, repositories: [] };
      held.set(blob, known);
      const { repositories } = known;
      if (!repositories.includes(repository) && repositories.length < MAX_PLACES) {
        repositories.push(repository);
      }
    }
  }
  const tagged = new Map(artifacts.filter(isDone).map((one) => [one.reference, one.digest]));
  return {
    about,
    find(descriptor): Held | undefined {
      const found = held.get(descriptor.digest);
      if (found?.size !== descriptor.size) return undefined;
      return { by: about, repositories: found.repositories, references: [] };
    },
    standing: (wanted) => standingOf(wanted, ({ reference }) => tagged.get(reference)),
    // No plain file is ever pushed.
    hasFile: () => false,
  };
}

function isDone({ result }: PushedArtifact): boolean {
  return result === "pushed" || result === "overwritten" || result === "present";
}

/** `registry/repository@digest` without both ends. */
function repositoryOf({ pinned }: PushedArtifact): string {
  return pinned.slice(pinned.indexOf("/") + 1, pinned.lastIndexOf("@"));
}
