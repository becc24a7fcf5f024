import { readGraph, type LayoutGraph, type Root } from "./bundle/graph.ts";
import { DocumentCache } from "./content/document-cache.ts";
import { all } from "./content/copy.ts";
import type { Authored } from "./content/memory.ts";
import { DrayError } from "./errors.ts";
import type { Listener } from "./events.ts";
import type { Descriptor } from "./oci/descriptor.ts";
import { Annotation } from "./oci/image-layout.ts";
import { formatPlatform, type Platform } from "./oci/platform.ts";
import type { Reference } from "./oci/reference.ts";
import { lockedDescriptor, type Lock } from "./recipe/lock.ts";
import type { RegistryPool } from "./registry/pool.ts";
import { selectPlatforms } from "./select-platforms.ts";

/** A reference, what it means now, and all that this needs. Nothing of it is downloaded yet. */
export interface Resolved {
  /** As asked for, in full; charts with `oci://`. */
  readonly name: string;
  readonly reference: Reference;
  /** What the registry has under the reference. */
  readonly found: Descriptor;
  /** What is packed: differs from `found` where platforms were left out. */
  readonly root: Root;
  readonly graph: LayoutGraph;
  readonly source: DocumentCache;
  /** An index that had to be written anew for the chosen platforms. */
  readonly index: Authored | undefined;
}

export interface ResolveRequest {
  readonly name: string;
  readonly reference: Reference;
  readonly platforms: readonly Platform[];
}

export interface ResolveOptions {
  readonly pool: RegistryPool;
  /** Digests to use instead of asking what tags mean. */
  readonly lock: Lock | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

/**
 * Finds out what every reference means. All of them are tried, so that one run names everything
 * that is wrong.
 *
 * @throws DrayError `DRAY_PACK_UNRESOLVED`
 */
export async function resolveAll(
  requests: readonly ResolveRequest[],
  options: ResolveOptions,
): Promise<Resolved[]> {
  const failures: DrayError[] = [];
  const outcomes = await all(
    requests.map(async (request) => {
      try {
        return await resolveOne(request, options);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!(error instanceof DrayError)) throw error;
        failures.push(error);
        return undefined;
      }
    }),
  );
  if (failures.length > 0) throw unresolved(failures, requests.length);
  return outcomes.filter((outcome) => outcome !== undefined);
}

async function resolveOne(
  { name, reference, platforms }: ResolveRequest,
  { pool, lock, signal, onEvent }: ResolveOptions,
): Promise<Resolved> {
  const repository = pool.repository(reference);
  const { limit } = repository.client;
  const wanted = lock === undefined ? reference : { ...reference, ...lockedDescriptor(lock, name) };
  const found = await limit(() =>
    repository.resolve(wanted.digest ?? wanted.tag ?? "latest", { signal }),
  );
  const source = new DocumentCache(repository);
  const read = (descriptor: Descriptor): Promise<Buffer> =>
    limit(() => source.read(descriptor, { signal }));
  if (reference.digest !== undefined && platforms.length > 0) throw pinned(name, platforms);
  const { root, index } =
    platforms.length === 0
      ? { root: found, index: undefined }
      : await selectPlatforms(found, { platforms, name, read });
  if (index !== undefined) source.add(index);
  const named = { ...root, annotations: { [Annotation.refName]: name } };
  const graph = await readGraph({ sizeOf: ({ size }) => size, read }, [named]);
  const [described] = graph.roots;
  const broken = graph.findings.find(({ severity }) => severity === "error");
  if (described === undefined || broken !== undefined) throw unusable(name, broken?.message);
  onEvent?.({ type: "done", reference: name, result: found.digest });
  return { name, reference, found, root: described, graph, source, index };
}

function unresolved(failures: readonly DrayError[], total: number): DrayError {
  const [first] = failures;
  if (first !== undefined && failures.length === 1) return first;
  const list = failures.map(({ message }) => `\n  ${message}`).join("");
  return new DrayError(
    "DRAY_PACK_UNRESOLVED",
    `Cannot resolve ${failures.length} of ${total} references:${list}`,
    { hint: first?.hint, cause: first },
  );
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
