import { z } from "../../oci/schema.ts";
import { readPages } from "./paged-list.ts";
import type { Repository } from "./repository.ts";

/** Tags of one repository; the largest known ones have some ten thousand. */
const MAX_TAGS = 100_000;

const pageSchema = z.object({ tags: z.array(z.string()).nullish() });

/**
 * Every tag of a repository once, in whatever order the registry has them.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
export function listTags(
  { client, repository }: Repository,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const list = {
    path: `${repository}/tags/list`,
    scopes: [`repository:${repository}:pull`],
    action: `list the tags of ${repository}`,
    what: `the tags of ${repository} at ${client.name}`,
    most: MAX_TAGS,
    itemsIn: pageSchema.transform(({ tags }) => tags ?? []),
    hint: "Name an exact version.",
  };
  return client.secrets.keptFrom(readPages(client, list, signal));
}
