import { MAX_REDIRECTS, nextUrl, redirectError, redirectOf } from "./redirect.ts";
import type { TransportResponse } from "./transport.ts";

type Headers = Readonly<Record<string, string>>;

export interface FollowOptions {
  readonly method: string;
  /** Headers that only the origin of the first request may see. */
  readonly secret: Headers;
  readonly send: (url: URL, secret: Headers) => Promise<TransportResponse>;
}

/** Follows redirects of reads by hand, so that nothing secret leaves the origin. */
export async function follow(
  start: URL,
  { method, secret, send }: FollowOptions,
): Promise<TransportResponse> {
  let url = start;
  let allowed = secret;
  for (let hops = 0; ; hops++) {
    const response = await send(url, allowed);
    const location = redirectOf(response, method);
    if (location === undefined) return response;
    await response.discard();
    if (hops === MAX_REDIRECTS) throw redirectError(url, `more than ${MAX_REDIRECTS} redirects`);
    url = nextUrl(location, url);
    // Once away from home, coming back does not bring the secret back.
    if (url.origin !== start.origin) allowed = {};
  }
}
