import { DrayError } from "../../errors.ts";
import { parseJson } from "../../oci/json.ts";
import { parseAs, type z } from "../../oci/schema.ts";
import type { RegistryClient } from "./client.ts";

/** Of a list of names. */
export const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** With fifty names on each, these hold more than may be. */
const MAX_PAGES = 2000;
/** Some registries filter what they have by who asks; nobody filters so many pages away, or repeats them. */
const MAX_IDLE_PAGES = 20;

/** A list of names that a registry gives page by page. */
export interface PagedList {
  /** Below `/v2/`. */
  readonly path: string;
  readonly scopes: string[];
  readonly action: string;
  /** For messages: `the tags of team/app at …`. */
  readonly what: string;
  /** More names are refused. */
  readonly most: number;
  /** What to do about that. */
  readonly hint: string;
  readonly itemsIn: z.ZodType<string[]>;
}

/** Every name once, in whatever order the registry has them. @throws DrayError `DRAY_REGISTRY_FAILED` */
export async function readPages(
  client: RegistryClient,
  list: PagedList,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const { path, scopes, action, what, most } = list;
  const names = new Set<string>();
  const seen = new Set<string>();
  let idle = 0;
  for (let query: string | undefined = ""; query !== undefined && !seen.has(query);) {
    seen.add(query);
    const { response, bytes } = await client.read(
      { method: "GET", path: `${path}${query}`, action, scopes, accept: [200], signal },
      MAX_PAGE_BYTES,
    );
    const page = parseAs(list.itemsIn, parseJson(bytes, what, MAX_PAGE_BYTES), {
      what,
      code: "DRAY_REGISTRY_FAILED",
    });
    const known = names.size;
    for (const name of page) names.add(name);
    idle = names.size === known ? idle + 1 : 0;
    if (names.size > most) throw tooMany(list, `${most}`);
    if (seen.size > MAX_PAGES) throw tooMany(list, `${MAX_PAGES} pages of them`);
    if (idle > MAX_IDLE_PAGES)
      throw tooMany(list, `${MAX_IDLE_PAGES} pages in a row with no new name`);
    query = nextQuery(response.header("link"), response.url);
  }
  return [...names];
}

/** The query of the next page, and no more of its address: the list stays where it is. */
export function nextQuery(link: string | undefined, from: URL): string | undefined {
  // Some leave the brackets out.
  const next = /(?:<([^>]*)>|([^\s<>;,]+))\s*;\s*rel="?next"?/i.exec(link ?? "");
  const target = next?.[1] ?? next?.[2];
  if (target === undefined || !URL.canParse(target, from.href)) return undefined;
  return new URL(target, from).search;
}

function tooMany({ what, hint }: PagedList, most: string): DrayError {
  return new DrayError(
    "DRAY_REGISTRY_ANSWER_TOO_LARGE",
    `Cannot read ${what}: expected at most ${most}, found more`,
    { kind: "refused", hint },
  );
}
