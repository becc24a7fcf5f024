import { RegistryError } from "../../errors.ts";
import { repositoryProblem } from "../../oci/reference.ts";
import { z } from "../../oci/schema.ts";
import type { RegistryClient } from "./client.ts";
import { readPages } from "./paged-list.ts";

/** The largest registries of one house have some ten thousand. */
const MAX_REPOSITORIES = 100_000;

/** Some say null where there is none; an answer without the word is no list. */
const pageSchema = z.object({ repositories: z.array(z.string()).nullable() });

/**
 * Every repository that a registry lists. The list is not in the specification: many have none, or show
 * it to administrators alone.
 * @throws RegistryError `DRAY_REGISTRY_UNSUPPORTED` if it lists none
 */
export function listCatalog(
  client: RegistryClient,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  return client.secrets.keptFrom(readCatalog(client, signal));
}

async function readCatalog(
  client: RegistryClient,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const list = {
    path: "_catalog",
    scopes: ["registry:catalog:*"],
    action: "list the repositories",
    what: `the repositories of ${client.name}`,
    most: MAX_REPOSITORIES,
    itemsIn: pageSchema.transform(({ repositories }) => repositories ?? []),
    hint: NAME_THEM,
  };
  try {
    const names = await readPages(client, list, signal);
    // What no registry may call a repository cannot be asked for.
    return names.filter((name) => repositoryProblem(name, client.registry) === undefined);
  } catch (error) {
    if (!(error instanceof RegistryError) || !UNLISTED.has(error.status ?? 0)) throw error;
    throw new RegistryError(
      "DRAY_REGISTRY_UNSUPPORTED",
      `Cannot list the repositories of ${client.name}: it has no such list, or not for this account (HTTP ${error.status ?? 0})`,
      { status: error.status, hint: NAME_THEM, cause: error },
    );
  }
}

const UNLISTED: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 501]);

const NAME_THEM =
  "Name the repositories with --repo: a name without * and ? is asked for by itself.";
