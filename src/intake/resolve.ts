import type { Source } from "../content/content.ts";
import { readGraph, type LayoutGraph, type Root } from "../content/graph.ts";
import { DocumentCache } from "../content/document-cache.ts";
import type { Limit } from "../content/concurrency.ts";
import type { Authored } from "../content/memory.ts";
import { isMismatch, readVerified } from "../content/verify.ts";
import { DrayError, RegistryError } from "../errors.ts";
import { ImageLayout } from "../layout/layout.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { Annotation } from "../oci/image-layout.ts";
import { formatPlatform, type Platform } from "../oci/platform.ts";
import type { Reference } from "../oci/reference.ts";
import type { Repository } from "../remote/registry/repository.ts";
import { lockedDescriptor } from "./recipe/lock.ts";
import { mirrorName } from "./mirrors/places.ts";
import type { Sources } from "./sources.ts";
import { tryEach } from "./try-each.ts";
import { selectPlatforms } from "../content/select-platforms.ts";

/** A reference, what it means now, and all that this needs. None of its layers are downloaded yet. */
export interface Resolved {
  /** As asked for, in full; charts with `oci://`. */
  readonly name: string;
  /** Of what may move at the same time from where it is. */
  readonly limit: Limit;
  /** What the registry has under the reference. */
  readonly found: Descriptor;
  /** What is packed: differs from `found` where platforms were left out. */
  readonly root: Root;
  readonly graph: LayoutGraph;
  readonly source: DocumentCache;
  /** An index that had to be written anew for the chosen platforms. */
  readonly index: Authored | undefined;
  /** What it is called where it came from, if that is not where its name says. */
  readonly mirror?: string | undefined;
  /** What its tag stands for where the name says, if that is something else. */
  readonly atOrigin?: Digest | undefined;
  /** Where it was found, of what a registry has. */
  readonly home?: Repository | undefined;
  /** What an index that is left behind says of the one image that is packed of it. */
  readonly attestations: readonly Descriptor[];
}

export interface ResolveRequest {
  readonly name: string;
  readonly reference: Reference;
  readonly platforms: readonly Platform[];
  /** Who asks for it, if not the recipe itself. */
  readonly wantedBy?: string | undefined;
}

/**
 * Finds out what every reference means. All of them are tried, so that one run names everything
 * that is wrong.
 *
 * @throws DrayError `DRAY_PACK_UNRESOLVED`
 */
export function resolveAll(
  requests: readonly ResolveRequest[],
  sources: Sources,
): Promise<Resolved[]> {
  const items = requests.map(({ name }) => ({ name }));
  if (items.length > 0) sources.run.onEvent({ type: "stage", stage: "resolve", items });
  return tryEach(requests, sources.run, async (request) => {
    try {
      return await resolveOne(request, sources);
    } catch (error) {
      throw withWayOut(request, error);
    }
  });
}

/** What is not there can be left out, with a reason that travels in its place. */
function withWayOut({ name }: ResolveRequest, error: unknown): unknown {
  if (!(error instanceof RegistryError) || error.status !== 404) return error;
  const { code, message, hint, status, registryCode } = error;
  // A child that an index names may be missing as well as the index itself; a host may be no registry.
  const kind = registryCode === undefined ? error.kind : "refused";
  const wayOut = `To pack without it: --skip ${name}=REASON, or \`skip\` in bundle.yaml.`;
  return new RegistryError(code, message, {
    kind,
    status,
    registryCode,
    hint: hint === undefined ? wayOut : `${hint} ${wayOut}`,
    cause: error,
  });
}

export async function resolveOne(
  { name, reference, platforms }: ResolveRequest,
  sources: Sources,
): Promise<Resolved> {
  const { lock, run } = sources;
  const { signal, onEvent } = run;
  const wanted =
    lock === undefined ? reference : { ...reference, digest: lockedDescriptor(lock, name).digest };
  const registries = await sources.registries();
  const repository = registries.repository(wanted);
  const answer = await repository.resolve({ signal });
  const { descriptor: found, place } = answer;
  const comparing = registries.otherAtOrigin(wanted, answer, { signal });
  if (reference.digest !== undefined && platforms.length > 0) throw pinned(name, platforms);
  const { limit } = repository;
  const graph = { name, found, platforms, limit };
  const resolved = await readResolved(graph, repository, sources);
  const atOrigin = await comparing;
  onEvent({ type: "done", reference: name, result: found.digest });
  const mirror = mirrorName(wanted, place);
  return { ...resolved, mirror, atOrigin, home: place.repository };
}

/** What a repository has under `name`, and how much of it is wanted. */
interface Found {
  readonly name: string;
  readonly found: Descriptor;
  readonly platforms?: readonly Platform[] | undefined;
  /** Of what may move at the same time from where it is. */
  readonly limit: Limit;
}

/** Reads the documents of a graph, from the store where it has them. */
export async function readResolved(
  { name, found, platforms = [], limit }: Found,
  repository: Source,
  { store, run: { signal } }: Sources,
): Promise<Resolved> {
  const source = new DocumentCache(repository);
  const read = async (descriptor: Descriptor): Promise<Buffer> => {
    const bytes = source.holds(descriptor) ? undefined : await readStored(store, descriptor);
    if (bytes !== undefined) source.add({ descriptor, bytes });
    return limit(() => source.read(descriptor, { signal }));
  };
  const { root, index, attestations } =
    platforms.length === 0
      ? { root: found, index: undefined, attestations: [] }
      : await selectPlatforms(found, { platforms, name, read });
  if (index !== undefined) source.add(index);
  const named = { ...root, annotations: { [Annotation.refName]: name } };
  const graph = await readGraph({ sizeOf: ({ size }) => size, read }, [named]);
  const [described] = graph.roots;
  const broken = graph.findings.find(({ severity }) => severity === "error");
  if (described === undefined || broken !== undefined) throw unusable(name, broken?.message);
  return { name, limit, found, root: described, graph, source, index, attestations };
}

/** A small blob that an earlier run has stored, unless it was damaged since. */
export async function readStored(
  directory: string | undefined,
  descriptor: Descriptor,
  options: { maxBytes?: number } = {},
): Promise<Buffer | undefined> {
  if (directory === undefined) return undefined;
  const store = new ImageLayout(directory);
  if (!(await store.exists(descriptor))) return undefined;
  try {
    return await readVerified(store, descriptor, options);
  } catch (error) {
    if (isMismatch(error)) return undefined;
    throw error;
  }
}

function pinned(name: string, platforms: readonly Platform[]): DrayError {
  const list = platforms.map(formatPlatform).join(", ");
  return new DrayError(
    "DRAY_PLATFORM_PINNED",
    `Cannot pack only ${list} of ${name}: it is pinned by digest, and leaving platforms out changes the digest`,
    { kind: "usage", hint: "Pack all platforms of it, or pin the digest of the one platform." },
  );
}

function unusable(name: string, reason: string | undefined): DrayError {
  return new DrayError(
    "DRAY_IMAGE_UNUSABLE",
    `Cannot pack ${name}: ${reason ?? "it cannot be read"}`,
    {
      kind: "refused",
    },
  );
}
