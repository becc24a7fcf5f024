import type { LeftOut, OpenedDelta } from "../bundle/left-out.ts";
import { formatBase, MAX_PLACES } from "../bundle/delta-document.ts";
import { forAll } from "../content/concurrency.ts";
import { DrayError, RegistryError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { repositoryProblem } from "../oci/reference.ts";
import { listCatalog } from "../remote/registry/catalog.ts";
import type { RegistryPool } from "../remote/registry/pool.ts";
import type { Repository } from "../remote/registry/repository.ts";
import { nameAt, type Destination } from "./names.ts";
import type { PlannedPush } from "./plan.ts";

/** More names than these say no more. */
const MAX_NAMED = 10;

export interface LeftOutSearch {
  readonly plan: readonly PlannedPush[];
  readonly destination: Destination;
  readonly pool: RegistryPool;
  readonly signal: AbortSignal;
}

/** A blob that stayed behind, and what needs it here. */
interface Wanted {
  readonly blob: LeftOut;
  readonly neededBy: readonly PlannedPush[];
}

/**
 * Finds at the target what a delta leaves out: in the repositories that need it, in those in which it was
 * seen, and in those to which what it was packed with went, in the end below any other prefix too. It is there
 * if the registry shows it with its size. Nothing was sent before this ends.
 *
 * @throws DrayError `DRAY_BASE_MISSING`, naming what is missing and which bundle has it
 */
export async function findLeftOut(
  { leftOut }: OpenedDelta,
  search: LeftOutSearch,
): Promise<ReadonlyMap<Digest, Repository>> {
  const { plan, destination, signal } = search;
  const wanted = leftOut.flatMap((blob) => {
    const neededBy = plan.filter(({ root }) => root.blobs.has(blob.descriptor.digest));
    return neededBy.length === 0 ? [] : [{ blob, neededBy }];
  });
  const found = new Map<Digest, Repository>();
  await forAll(wanted, signal, async (one, either) => {
    const place = await placeOf(one, { ...search, signal: either });
    if (place !== undefined) found.set(one.blob.descriptor.digest, place);
  });
  const isMissing = ({ blob }: Wanted): boolean => !found.has(blob.descriptor.digest);
  const elsewhere = wanted.filter(isMissing);
  const listed = elsewhere.length === 0 ? [] : await listedThere(search);
  await forAll(elsewhere, signal, async ({ blob }, either) => {
    const names = alikeNames(blob, listed, destination);
    const place = await firstWith(blob, names, { ...search, signal: either });
    if (place !== undefined) found.set(blob.descriptor.digest, place);
  });
  const missing = elsewhere.filter(isMissing);
  if (missing.length > 0) throw baseMissing(missing, search);
  return found;
}

/** Below whatever prefix, as far as the registry lists what it has: a base may have gone below another. */
async function listedThere({ destination, pool, signal }: LeftOutSearch): Promise<string[]> {
  try {
    return await listCatalog(pool.client(destination.target.registry), signal);
  } catch (error) {
    // Many registries list nothing, or not to everybody.
    if (error instanceof DrayError) return [];
    throw error;
  }
}

/** Repositories that end as what a blob was packed with is called without any prefix. */
function alikeNames(
  blob: LeftOut,
  listed: readonly string[],
  { mapping }: Destination,
): readonly string[] {
  const anywhere = { target: { registry: "", prefix: "" }, mapping };
  const names = repositoriesOf(blob.references, anywhere);
  const isAlike = (one: string): boolean =>
    names.some((name) => one.endsWith(`/${name}`) || one === name);
  return listed.filter(isAlike).slice(0, MAX_PLACES);
}

async function placeOf(
  { blob, neededBy }: Wanted,
  search: LeftOutSearch,
): Promise<Repository | undefined> {
  const { registry } = search.destination.target;
  const own = new Set(neededBy.map(({ repository }) => repository));
  for (const repository of own) {
    const place = search.pool.repository({ registry, repository }, "pull,push");
    if (await holds(place, blob, search)) return place;
  }
  const names = hints(blob, search.destination).filter((name) => !own.has(name));
  return firstWith(blob, names, search);
}

/** The first of some repositories, from which it is only read, that has the blob. */
async function firstWith(
  blob: LeftOut,
  repositories: readonly string[],
  search: LeftOutSearch,
): Promise<Repository | undefined> {
  const { registry } = search.destination.target;
  for (const repository of new Set(repositories)) {
    const place = search.pool.repository({ registry, repository });
    if (await holds(place, blob, search)) return place;
  }
  return undefined;
}

function holds(
  place: Repository,
  { descriptor }: LeftOut,
  search: LeftOutSearch,
): Promise<boolean> {
  const { signal } = search;
  return place.client.limit(() => orNotThere(() => place.exists(descriptor, { signal })));
}

/** Where it was, by the word of whoever made the delta: names of repositories, and no paths of any other kind. */
function hints({ repositories, references }: LeftOut, destination: Destination): string[] {
  const { registry } = destination.target;
  return [...repositories, ...repositoriesOf(references, destination)].filter(
    (repository) => repositoryProblem(repository, registry) === undefined,
  );
}

/** What `references` are called at a destination. */
function repositoriesOf(references: readonly string[], destination: Destination): string[] {
  return references.flatMap((reference) => {
    try {
      return [nameAt({ kind: "image", reference, digest: "" }, destination).repository];
    } catch (error) {
      if (error instanceof DrayError) return [];
      throw error;
    }
  });
}

/** What may not be seen there is not there for this push. */
async function orNotThere(look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch (error) {
    const { status } = error instanceof RegistryError ? error : { status: undefined };
    if (status === 400 || status === 401 || status === 403 || status === 404) return false;
    throw error;
  }
}

function baseMissing(missing: readonly Wanted[], { destination }: LeftOutSearch): DrayError {
  const bytes = missing.reduce((sum, { blob }) => sum + blob.descriptor.size, 0);
  const blobs = missing.length === 1 ? "1 blob" : `${missing.length} blobs`;
  const lines = missing.slice(0, MAX_NAMED).map(({ blob: { descriptor, base }, neededBy }) => {
    const who = base === undefined ? "" : `; ${formatBase(base)} has it`;
    return `\n  ${descriptor.digest} (${descriptor.size} bytes), which ${neededBy[0]?.target ?? ""} needs${who}`;
  });
  const more = missing.length > MAX_NAMED ? `\n  and ${missing.length - MAX_NAMED} more` : "";
  return new DrayError(
    "DRAY_BASE_MISSING",
    `Cannot push a delta: ${blobs} of ${bytes} bytes that it leaves out are not at ${destination.target.registry}:${lines.join("")}${more}`,
    {
      kind: "refused",
      hint: "Nothing was sent. Push the bundle that is named first, or name its file with --base; or pack a delta since an inventory of this registry.",
    },
  );
}
