import { RegistryError } from "../../errors.ts";
import type { TransportResponse } from "./transport.ts";

export const MAX_REDIRECTS = 5;

/** Where an answer sends a read; writes are never redirected. */
export function redirectOf(response: TransportResponse, method: string): string | undefined {
  if (method !== "GET" && method !== "HEAD") return undefined;
  return [301, 302, 303, 307, 308].includes(response.status)
    ? response.header("location")
    : undefined;
}

/** The next address, refused if it is no web address or gives up encryption. */
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

export function redirectError(url: URL, reason: string): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_REDIRECT",
    `Cannot follow a redirect of ${url.host}: it leads to ${reason}`,
    { status: 0, kind: "refused" },
  );
}
