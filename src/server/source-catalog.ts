import type { Run } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { GraphLoader } from "./graph-loader.ts";
import { ServedRepositories } from "./served-repositories.ts";
import type { ServedRepository } from "./served-repository.ts";
import { nameOf } from "./root-name.ts";
import type { BlobSource, Catalog } from "./catalog.ts";

/** Of a layout that is broken all over, this many reasons are enough. */
const MAX_REPORTED_PROBLEMS = 20;

/** A root, and the repository that it is found in. */
interface Entry {
  readonly root: Descriptor;
  readonly repository: ServedRepository;
  readonly tag: string | undefined;
}

/**
 * A read-only catalog over anything that content can be read from. `roots` are named as in the
 * `index.json` of an image layout. Closing the catalog leaves the source open.
 */
export async function openSourceCatalog(
  source: BlobSource,
  roots: readonly Descriptor[],
  run: Run,
): Promise<Catalog> {
  const repositories = new ServedRepositories({ shortNames: true });
  await loadRoots(repositories, { source, roots }, run);
  return { repositories, blobs: source, close: async () => {} };
}

/**
 * Finds out what is in which repository: the named roots, and all that they lead to. What cannot be
 * served is reported and kept as it is.
 */
export async function loadRoots(
  repositories: ServedRepositories,
  { source, roots }: { source: BlobSource; roots: readonly Descriptor[] },
  { signal, onEvent }: Run,
): Promise<void> {
  const loader = new GraphLoader(source, signal);
  const entries = await Promise.all(
    roots.map(async (root): Promise<Entry> => {
      const name = nameOf(root);
      const repository =
        name === undefined ? repositories.unnamed : repositories.take(name.repository);
      if (await loader.add(repository, root)) return { root, repository, tag: name?.tag };
      return { root, repository: repositories.unnamed, tag: undefined };
    }),
  );
  const ambiguous = nameRoots(entries);
  for (const name of repositories.names()) {
    const repository = repositories.find(name);
    if (repository !== undefined) repositories.dropIfEmpty(repository);
  }
  for (const problem of [
    ...summary(loader.problems),
    ...unserved(entries, repositories),
    ...missing(loader, source),
    ...ambiguous.map((name) => `Cannot serve ${JSON.stringify(name)} by tag: it has two meanings`),
    ...conflicts(repositories),
  ]) {
    onEvent({ type: "warning", message: problem });
  }
}

/** Returns the names that mean two things: they mean neither, both stay reachable by digest. */
function nameRoots(entries: readonly Entry[]): readonly string[] {
  const meanings = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { repository, tag, root } = entry;
    if (tag === undefined) repository.keepRoot(root);
    else push(meanings, `${repository.name}:${tag}`, entry);
  }
  const ambiguous: string[] = [];
  for (const [name, same] of meanings) {
    const clear = same.every(({ root }) => root.digest === same[0]?.root.digest);
    if (!clear) ambiguous.push(name);
    for (const { repository, tag, root } of same) {
      if (clear && tag !== undefined) repository.setTag(tag, root);
      else repository.keepRoot(root);
    }
  }
  return ambiguous;
}

function push(meanings: Map<string, Entry[]>, name: string, entry: Entry): void {
  const same = meanings.get(name);
  if (same === undefined) meanings.set(name, [entry]);
  else same.push(entry);
}

function summary(problems: readonly string[]): readonly string[] {
  const rest = problems.length - MAX_REPORTED_PROBLEMS;
  const shown = problems.slice(0, MAX_REPORTED_PROBLEMS);
  return rest > 0 ? [...shown, `${rest} more manifests cannot be served`] : shown;
}

function unserved(entries: readonly Entry[], { unnamed }: ServedRepositories): readonly string[] {
  const count = entries.filter((entry) => entry.repository === unnamed).length;
  if (count === 0) return [];
  return [`${count} of ${entries.length} roots are not served: no usable name, or not readable`];
}

function missing({ missing: digests }: GraphLoader, source: BlobSource): readonly string[] {
  const [first] = digests;
  if (first === undefined) return [];
  const rest = digests.size === 1 ? "" : ` and ${digests.size - 1} more`;
  return [`Cannot serve ${first}${rest}: ${source.name} names them and does not have them`];
}

function conflicts(repositories: ServedRepositories): readonly string[] {
  return repositories
    .conflicts()
    .map(
      ({ path, names }) =>
        `Cannot serve ${JSON.stringify(path)} without its host: it stands for ${names.join(" and ")}`,
    );
}
