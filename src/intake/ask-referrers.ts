import { all } from "../content/concurrency.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { isManifestType } from "../oci/media-type.ts";
import { COSIGN_ENDINGS, cosignTag, roleOf } from "../oci/referrer.ts";
import { RepositoryReferrers } from "../remote/registry/referrers.ts";
import type { Repository } from "../remote/registry/repository.ts";
import type { LockedReferrer, ReferrerChoice } from "./recipe/locked-referrer.ts";

/** Something that refers to a manifest, not read yet. */
export interface NamedReferrer {
  /** A tag, where it has one. */
  readonly tag?: string | undefined;
  readonly subject: Digest;
  readonly descriptor: Descriptor;
}

export interface Answer {
  readonly found: readonly NamedReferrer[];
  /** Why there may be more. */
  readonly problem?: string | undefined;
}

/** Who knows what refers to manifests of one repository. */
export type Ask = (subject: Digest) => Promise<Answer>;

/** What an earlier run has found. */
export function asLocked(locked: readonly LockedReferrer[]): Ask {
  const found = locked.map(({ reference, ...rest }) => ({ ...rest, tag: reference.tag }));
  return async (subject) => ({ found: found.filter((one) => one.subject === subject) });
}

/**
 * Asks a registry: its API, or the list that stands for one, and the tags of cosign. One that cannot
 * answer stops nobody: what it could not be asked is said.
 */
export function asRegistryHas(
  repository: Repository,
  { choice, signal }: { choice: ReferrerChoice; signal: AbortSignal },
): Ask {
  const { limit } = repository.client;
  const referrers = new RepositoryReferrers(repository);
  const endings = COSIGN_ENDINGS.filter((ending) => choice === "all" || ending === "sig");
  const listed = async (subject: Digest): Promise<NamedReferrer[]> => {
    const list = await limit(() => referrers.list(subject, { signal }));
    return list.filter((one) => isWanted(one, choice)).map((one) => ({ subject, descriptor: one }));
  };
  const tagged = async (subject: Digest, ending: string): Promise<NamedReferrer[]> => {
    const tag = cosignTag(subject, ending);
    const descriptor = await limit(() => repository.find(tag, { signal }));
    return descriptor === undefined ? [] : [{ tag, subject, descriptor }];
  };
  return async (subject) => {
    const questions = [listed(subject), ...endings.map((ending) => tagged(subject, ending))];
    const answers = await all(questions.map((one) => orProblem(one, signal)));
    return {
      found: answers.flatMap(({ found }) => found),
      problem: answers.find(({ problem }) => problem !== undefined)?.problem,
    };
  };
}

async function orProblem(question: Promise<NamedReferrer[]>, signal: AbortSignal): Promise<Answer> {
  try {
    return { found: await question };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DrayError)) throw error;
    return { found: [], problem: error.message };
  }
}

/** What a list says of a referrer is enough to leave it out before it is read. */
function isWanted(
  { mediaType, artifactType, annotations }: Descriptor,
  choice: ReferrerChoice,
): boolean {
  if (!isManifestType(mediaType)) return false;
  if (choice === "all" || artifactType === undefined) return true;
  return roleOf({ artifactType, annotations }) === "signature";
}
