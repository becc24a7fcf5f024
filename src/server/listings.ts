import { requireRepository, sendJson, type Exchange } from "./exchange.ts";
import { pageOf } from "./page.ts";
import { compareNames, compareTags } from "./served-repository.ts";

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
  const { query, store } = exchange;
  const path = "/v2/_catalog";
  const names = store.repositories.names();
  const { entries, link } = pageOf(names, { query, path, compare: compareNames });
  sendJson(exchange, { repositories: entries }, link === undefined ? {} : { Link: link });
}
