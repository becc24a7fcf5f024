import { pageTitle } from "../http/page.ts";
import { follow, isRedirect } from "../http/redirects.ts";
import { readStart, type Transport, type TransportResponse } from "../http/transport.ts";

/** What a registry says for hello has two bytes; a page may have many, and says at once that it is one. */
const MAX_PING_BYTES = 64 * 1024;

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
  const title = pageTitle((await readStart(last, MAX_PING_BYTES)).toString("utf8"));
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
