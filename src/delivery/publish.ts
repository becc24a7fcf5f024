import { all } from "../content/concurrency.ts";
import type { Source } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import { isManifestType } from "../oci/media-type.ts";
import type { PushRecord } from "./record.ts";
import type { PushedArtifact } from "./receipt.ts";
import { isThere, type Situation } from "./situation.ts";

/**
 * Gives what was sent its names: reads every manifest back, writes the tags that are not there, and
 * reads back what each stands for then. What fails for one artifact keeps no other from its name.
 */
export async function publishAll(
  situations: readonly Situation[],
  { source, record }: { source: Source; record: PushRecord },
  { signal }: Run,
): Promise<void> {
  await all(
    situations.map(async (situation) => {
      const { plan } = situation;
      try {
        await readBack(situation, signal);
        await name(situation, source, signal);
        record.end(plan, resultOf(situation));
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof DrayError)) throw error;
        record.fail(plan, error);
      }
    }),
  );
}

/** What becomes of an artifact once everything is there. */
export function resultOf(situation: Situation): PushedArtifact["result"] {
  const { existing, plan } = situation;
  if (isThere(situation)) return "present";
  const isOther = existing !== undefined && existing.digest !== plan.root.descriptor.digest;
  return isOther ? "overwritten" : "pushed";
}

/** A registry that has changed a manifest is found out before anything has its name. */
async function readBack({ plan, repository }: Situation, signal: AbortSignal): Promise<void> {
  const manifests = [...plan.root.blobs.values()].filter(({ mediaType }) =>
    isManifestType(mediaType),
  );
  await all(
    manifests.map((descriptor) =>
      repository.client.limit(() =>
        repository.requireDigest(descriptor.digest, descriptor, { signal }),
      ),
    ),
  );
}

async function name(situation: Situation, source: Source, signal: AbortSignal): Promise<void> {
  const { repository, plan } = situation;
  const { tag, root } = plan;
  if (tag === undefined) return;
  const { limit } = repository.client;
  // What the manifest says of itself is what a registry compares with the type of the upload.
  const expected = { ...root.descriptor, mediaType: root.manifest.mediaType };
  if (!isThere(situation)) {
    await limit(() => repository.tag(tag, { expected, source, signal }));
  }
  await limit(() => repository.requireDigest(tag, expected, { signal }));
}
