import { DrayError } from "../../errors.ts";
import { parseJson } from "../../oci/json.ts";
import { parseAs, z } from "../../oci/schema.ts";
import type { Repository } from "./repository.ts";
import { append } from "../../append.ts";

/** Tags of one repository; the largest known ones have some ten thousand. */
const MAX_TAGS = 100_000;
/** Of a list of tags. */
export const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** With fifty tags on each, these hold more than may be. */
const MAX_PAGES = 2000;
/** Some registries filter what they have by who asks; nobody filters so many pages away. */
const MAX_EMPTY_PAGES = 20;

const pageSchema = z.object({ tags: z.array(z.string()).nullish() });

/**
 * Every tag of a repository once, in whatever order the registry has them.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
export function listTags(
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  return repository.client.secrets.keptFrom(readTags(repository, signal));
}

async function readTags(
  { client, repository }: Repository,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const tags: string[] = [];
  const action = `list the tags of ${repository}`;
  const seen = new Set<string>();
  let empty = 0;
  for (let query: string | undefined = ""; query !== undefined && !seen.has(query);) {
    seen.add(query);
    const { response, bytes } = await client.read(
      {
        method: "GET",
        path: `${repository}/tags/list${query}`,
        action,
        scopes: [`repository:${repository}:pull`],
        accept: [200],
        signal,
      },
      MAX_PAGE_BYTES,
    );
    const what = `the tags of ${repository} at ${client.name}`;
    const page = parseAs(pageSchema, parseJson(bytes, what, MAX_PAGE_BYTES), {
      what,
      code: "DRAY_REGISTRY_FAILED",
    });
    append(tags, page.tags ?? []);
    empty = (page.tags ?? []).length === 0 ? empty + 1 : 0;
    if (tags.length > MAX_TAGS) throw tooMany(what, `${MAX_TAGS}`);
    if (seen.size > MAX_PAGES) throw tooMany(what, `${MAX_PAGES} pages of them`);
    if (empty > MAX_EMPTY_PAGES) throw tooMany(what, `${MAX_EMPTY_PAGES} empty pages in a row`);
    query = nextQuery(response.header("link"), response.url);
  }
  return [...new Set(tags)];
}

/** The query of the next page, and no more of its address: the list stays where it is. */
export function nextQuery(link: string | undefined, from: URL): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(link ?? "")?.[1];
  if (target === undefined || !URL.canParse(target, from.href)) return undefined;
  return new URL(target, from).search;
}

function tooMany(what: string, most: string): DrayError {
  return new DrayError(
    "DRAY_REGISTRY_ANSWER_TOO_LARGE",
    `Cannot read ${what}: expected at most ${most}, found more`,
    { kind: "refused", hint: "Name an exact version." },
  );
}
