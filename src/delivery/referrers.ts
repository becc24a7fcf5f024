import { forAll } from "../content/concurrency.ts";
import { authored, contentOf } from "../content/memory.ts";
import { readVerified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { parseJson } from "../oci/json.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isIndexType, MediaType } from "../oci/media-type.ts";
import { artifactTypeOf, referrersTag } from "../oci/referrer.ts";
import { RepositoryReferrers } from "../remote/registry/referrers.ts";
import type { Repository } from "../remote/registry/repository.ts";
import type { Steps } from "./send.ts";
import { isList, type Situation } from "./situation.ts";

/** Everything that was delivered about one manifest of one repository. */
interface Company {
  readonly repository: Repository;
  readonly subject: Digest;
  readonly situations: Situation[];
}

/**
 * Sees to it that clients find what refers to a manifest. A registry with an API for that knows it from
 * the referrers themselves; for any other there is a list under a tag, which keeps what is in it and is
 * written once for each subject, where tags cannot be moved too.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
 */
export async function announceReferrers(
  situations: readonly Situation[],
  { attempts, run }: Steps,
): Promise<void> {
  const lists = new Map<string, RepositoryReferrers>();
  await forAll(companiesOf(situations), run.signal, async (company, signal) => {
    const { repository } = company;
    const list = lists.get(repository.repository) ?? new RepositoryReferrers(repository);
    lists.set(repository.repository, list);
    const announced = announce(company, list, signal);
    await Promise.all(company.situations.map((one) => attempts.make(one, () => announced, signal)));
  });
}

function companiesOf(situations: readonly Situation[]): Company[] {
  const companies = new Map<string, Company>();
  for (const situation of situations) {
    const { repository, plan } = situation;
    const { subject = plan.root.manifest.subject?.digest } = isList(plan) ? plan : {};
    if (plan.kind !== "referrer" || subject === undefined) continue;
    const key = `${plan.repository}@${subject}`;
    const company = companies.get(key) ?? { repository, subject, situations: [] };
    company.situations.push(situation);
    companies.set(key, company);
  }
  return [...companies.values()];
}

async function announce(
  { repository, subject, situations }: Company,
  list: RepositoryReferrers,
  signal: AbortSignal,
): Promise<void> {
  const { limit } = repository.client;
  const own = new Map(situations.flatMap(described).map((one) => [one.digest, one]));
  for (const { digest } of await limit(() => list.list(subject, { signal }))) own.delete(digest);
  if (own.size === 0) return;
  await limit(() => addToList([...own.values()], { repository, subject, signal }));
}

/** As the list has them: with what they call themselves, so that clients need not read them all. */
function described({ plan }: Situation): Descriptor[] {
  const { manifest, descriptor } = plan.root;
  if (isList(plan)) return manifest.kind === "index" ? [...manifest.manifests] : [];
  const { mediaType, digest, size } = descriptor;
  const { annotations } = manifest;
  const artifactType = artifactTypeOf(manifest);
  return [{ mediaType, digest, size, artifactType, annotations }];
}

async function addToList(
  referrers: readonly Descriptor[],
  { repository, subject, signal }: { repository: Repository; subject: Digest; signal: AbortSignal },
): Promise<void> {
  const tag = referrersTag(subject);
  const existing = await repository.find(tag, { signal });
  const before = existing === undefined ? EMPTY : await readList(existing, repository, signal);
  const manifests = [...before.manifests, ...referrers];
  const { descriptor, bytes } = authored(
    MediaType.ociIndex,
    Buffer.from(JSON.stringify({ ...before, manifests })),
  );
  const source = { name: "memory", fetch: () => contentOf(bytes, "memory").open(0) };
  await repository.tag(tag, { expected: descriptor, source, signal });
  await repository.requireDigest(tag, descriptor, { signal });
}

const EMPTY = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [] };

/** The list as somebody wrote it, with all that is not understood here. */
async function readList(
  existing: Descriptor,
  repository: Repository,
  signal: AbortSignal,
): Promise<{ readonly manifests: readonly unknown[] }> {
  const what = `${repository.repository}@${existing.digest}`;
  if (!isIndexType(existing.mediaType)) {
    throw new DrayError(
      "DRAY_TAG_CONFLICT",
      `Cannot list what refers to a manifest in ${what}: expected a list of referrers under its tag, found ${existing.mediaType}`,
      { kind: "refused", hint: "Find out who has given this tag to something else." },
    );
  }
  const raw = await readVerified(repository, existing, { signal });
  // Only what is an index by every rule is written anew.
  parseManifest(raw, { mediaType: existing.mediaType, what });
  return parseJson(raw, what) as { readonly manifests: readonly unknown[] };
}
