import { RegistryError } from "../../errors.ts";
import type { TransportResponse } from "./transport.ts";

const MAX_REDIRECTS = 5;

/** Answers that send a read elsewhere. */
export const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

type Headers = Readonly<Record<string, string>>;

export interface FollowOptions {
  readonly method: string;
  /** Headers that only the origin of the first request may see. */
  readonly secret: Headers;
  /** Hand out a redirect to another origin. @default false */
  readonly stayHome?: boolean | undefined;
  /** Whether another origin may see the secret headers too. @default none may */
  readonly isTrusted?: ((url: URL) => Promise<boolean>) | undefined;
  readonly send: (url: URL, secret: Headers) => Promise<TransportResponse>;
}

/** Follows redirects of reads by hand, so that nothing secret leaves the origin. */
export async function follow(
  start: URL,
  { method, secret, stayHome = false, isTrusted, send }: FollowOptions,
): Promise<TransportResponse> {
  let url = start;
  let allowed = secret;
  for (let hops = 0; ; hops++) {
    const response = await send(url, allowed);
    const location = redirectOf(response, method);
    if (location === undefined) return response;
    if (stayHome && nextUrl(location, url).origin !== start.origin) return response;
    await response.discard();
    if (hops === MAX_REDIRECTS) throw redirectError(url, `more than ${MAX_REDIRECTS} redirects`);
    url = nextUrl(location, url);
    // Once away from home, coming back does not bring the secret back.
    if (url.origin !== start.origin && (await isTrusted?.(url)) !== true) allowed = {};
  }
}

/** Where an answer sends a read; writes are never redirected. */
function redirectOf(response: TransportResponse, method: string): string | undefined {
  if (method !== "GET" && method !== "HEAD") return undefined;
  const location = response.header("location") ?? "";
  return isRedirect(response) && location !== "" ? location : undefined;
}

export function isRedirect({ status }: TransportResponse): boolean {
  return REDIRECTS.includes(status);
}

/** The next address, refused if it is no web address or gives up encryption. @internal for tests */
export function nextUrl(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href))
    throw redirectError(from, "an address that cannot be read");
  const next = new URL(location, from);
  const web = next.protocol === "https:" || next.protocol === "http:";
  if (!web) throw redirectError(from, `the scheme ${next.protocol}`);
  if (from.protocol === "https:" && next.protocol === "http:") {
    throw redirectError(from, `unencrypted http at ${next.host}`);
  }
  return next;
}

function redirectError(url: URL, reason: string): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_REDIRECT",
    `Cannot follow a redirect of ${url.host}: it leads to ${reason}`,
    { status: 0, kind: "refused" },
  );
}
