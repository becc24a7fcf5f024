import { pageTitle } from "../http/page.ts";
import { follow, isRedirect } from "../http/redirects.ts";
import { readBody, type Transport, type TransportResponse } from "../http/transport.ts";

/** What a registry says for hello has two bytes; a page may have many. */
const MAX_PING_BYTES = 256 * 1024;

/** A page for people that has answered in the place of a registry. */
export interface Page {
  readonly url: URL;
  readonly title: string;
}

/**
 * The page that answers a hello with 200, at once or behind redirects: portals send whoever is not
 * logged in to theirs. Undefined for anything else, which a registry may say.
 */
export async function pageIn(
  response: TransportResponse,
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<Page | undefined> {
  const last = isRedirect(response) ? await behind(response, transport, signal) : response;
  if (last === undefined) return undefined;
  const title = pageTitle((await startOf(last)).toString("utf8"));
  return last.status === 200 && title !== undefined ? { url: last.url, title } : undefined;
}

/** What a redirect ends at, asked without any login; undefined where that cannot be had. */
async function behind(
  response: TransportResponse,
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<TransportResponse | undefined> {
  await response.discard();
  try {
    const send = (url: URL): Promise<TransportResponse> =>
      transport.send(url, { method: "GET", signal });
    return await follow(response.url, { method: "GET", secret: {}, send });
  } catch {
    signal?.throwIfAborted();
    // What is asked of the registry next says what is wrong with it.
    return undefined;
  }
}

/** Enough of a body to tell what it is; whoever sends more than a registry would is cut off. */
export async function startOf(response: TransportResponse): Promise<Buffer> {
  try {
    return await readBody(response, MAX_PING_BYTES);
  } catch {
    return Buffer.alloc(0);
  }
}
