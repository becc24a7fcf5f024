import { all, forAllInTurn } from "../content/concurrency.ts";
import { isManifestType } from "../oci/media-type.ts";
import type { ArtifactResult } from "./receipt.ts";
import type { Steps } from "./send.ts";
import { isList, isThere, type Situation } from "./situation.ts";

/**
 * Reads every manifest back: a registry that has changed one is found out before anything has its
 * name. Gives back those that are as they were sent.
 */
export function readManifestsBack(
  situations: readonly Situation[],
  steps: Steps,
): Promise<Situation[]> {
  return each(situations, steps, async ({ plan, repository }, signal) => {
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
  });
}

/** Writes the tags that are not there, and reads back what each stands for then. */
export async function publishAll(situations: readonly Situation[], steps: Steps): Promise<void> {
  const published = await each(situations, steps, name);
  for (const situation of published) steps.record.end(situation.plan, resultOf(situation));
}

/** What becomes of an artifact once everything is there. */
export function resultOf(situation: Situation): ArtifactResult {
  const { existing, plan } = situation;
  if (isThere(situation)) return "present";
  const isOther = existing !== undefined && existing.digest !== plan.root.descriptor.digest;
  return isOther ? "overwritten" : "pushed";
}

async function name(situation: Situation, signal: AbortSignal): Promise<void> {
  const { repository, plan, isIncluded } = situation;
  const { tag, root, source } = plan;
  if (tag === undefined || isIncluded || isList(plan)) return;
  const { limit } = repository.client;
  // What the manifest says of itself is what a registry compares with the type of the upload.
  const expected = { ...root.descriptor, mediaType: root.manifest.mediaType };
  if (!isThere(situation)) {
    await limit(() => repository.tag(tag, { expected, source, signal }));
  }
  await limit(() => repository.requireDigest(tag, expected, { signal }));
}

/** Those for which the step was made. */
export async function each(
  situations: readonly Situation[],
  { attempts, run }: Steps,
  step: (situation: Situation, signal: AbortSignal) => Promise<void>,
): Promise<Situation[]> {
  const done = await forAllInTurn(situations, run.signal, async (situation, signal) =>
    (await attempts.make(situation, () => step(situation, signal), signal)) ? [situation] : [],
  );
  return done.flat();
}
