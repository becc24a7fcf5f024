import { ApiError } from "./api-error.ts";
import { requireRepository, sendJson, type Exchange } from "./exchange.ts";
import { compareNames, compareTags } from "./served-repository.ts";

/** Most entries of one answer, asked for or not. */
const MAX_PAGE = 10_000;

const NUMBER = /^\d{1,9}$/;

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
export async function listTags(exchange: Exchange, { name }: { name: string }): Promise<void> {
  const repository = requireRepository(exchange, name);
  const path = `/v2/${name}/tags/list`;
  const { entries, link } = pageOf(repository.tags(), {
    query: exchange.query,
    path,
    compare: compareTags,
  });
  sendJson(exchange, { name, tags: entries }, link === undefined ? {} : { Link: link });
}

/** Not in the specification; what Docker's registry has always had. */
export async function listRepositories(exchange: Exchange): Promise<void> {
  const { query, catalog } = exchange;
  const path = "/v2/_catalog";
  const names = catalog.repositories.names();
  const { entries, link } = pageOf(names, { query, path, compare: compareNames });
  sendJson(exchange, { repositories: entries }, link === undefined ? {} : { Link: link });
}

interface Page {
  readonly entries: readonly string[];
  /** Value of the `Link` header, if there is more. */
  readonly link: string | undefined;
}

interface PageOptions {
  readonly query: URLSearchParams;
  /** Path of the list, for the link. */
  readonly path: string;
  /** The order that `sorted` is in. */
  readonly compare: (a: string, b: string) => number;
}

/**
 * The part of a list that `n` and `last` ask for; `last` need not be in the list.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
function pageOf(sorted: readonly string[], { query, path, compare }: PageOptions): Page {
  const count = countOf(query);
  const last = query.get("last");
  const rest = last === null ? sorted : sorted.slice(firstAfter(sorted, last, compare));
  const entries = rest.slice(0, count);
  const end = entries.at(-1);
  if (end === undefined || entries.length === rest.length) return { entries, link: undefined };
  const next = new URLSearchParams({ n: String(count), last: end });
  return { entries, link: `<${path}?${next.toString()}>; rel="next"` };
}

function countOf(query: URLSearchParams): number {
  const n = query.get("n");
  if (n === null) return MAX_PAGE;
  if (NUMBER.test(n)) return Math.min(Number(n), MAX_PAGE);
  throw new ApiError("UNSUPPORTED", "expected n to be a number", {
    status: 400,
    detail: { n: n.slice(0, 100) },
  });
}

function firstAfter(
  sorted: readonly string[],
  last: string,
  compare: (a: string, b: string) => number,
): number {
  const index = sorted.findIndex((entry) => compare(entry, last) > 0);
  return index === -1 ? sorted.length : index;
}
