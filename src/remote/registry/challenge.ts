import { DrayError } from "../../errors.ts";
import { isIpLiteral, isLinkLocal, isLoopback } from "../http/address.ts";

/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const SCHEME = /^([A-Za-z][\w!#$%&'*+.^`|~-]*)(?:\s+|$)(?!=)/;
const PARAMETER = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/;

/** A registry has no reason to send more; the rest is ignored. */
const MAX_HEADER_LENGTH = 16 * 1024;

/**
 * Reads every challenge of one or several headers: several in one header, commas inside quotes,
 * parameters without quotes.
 */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap((header) => parseHeader(header.slice(0, MAX_HEADER_LENGTH)));
}

function parseHeader(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (let rest = header.trim(); rest !== ""; rest = rest.replace(/^[\s,]+/, "")) {
    const [parameter, name = "", quoted, plain = ""] = PARAMETER.exec(rest) ?? [];
    const current = challenges.at(-1);
    if (parameter !== undefined && current !== undefined) {
      current.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain);
      rest = rest.slice(parameter.length);
      continue;
    }
    const [start, scheme] = SCHEME.exec(rest) ?? [];
    if (start === undefined || scheme === undefined) break;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    rest = rest.slice(start.length);
  }
  return challenges;
}

/**
 * Reads the realm that a registry names and says whether it may see the user's credentials. The
 * registry chooses this address, so by default it gets secrets only where the registry itself could
 * have asked for them: at the same origin, or over https in the same registrable domain. An http:// of
 * its own host behind TLS is meant to be https.
 *
 * @throws DrayError `DRAY_AUTH_REALM_REFUSED` for an address that is not even asked anonymously
 */
export async function judgeRealm(
  text: string,
  { registry, allowed }: { registry: URL; allowed: readonly string[] },
): Promise<{ realm: URL; trusted: boolean }> {
  const realm = parseUrl(text, registry);
  if (realm === undefined) throw refused(text, registry, "it is not an http or https address");
  const isAllowed = allowed.includes(realm.host) && (isSecure(realm) || isLoopback(realm));
  if (realm.origin === registry.origin || isAllowed) return { realm, trusted: true };
  if (isSecure(registry) && !isSecure(realm)) throw refused(text, registry, "it is not encrypted");
  const sameHost = realm.hostname === registry.hostname;
  if (!sameHost && isInternal(realm)) {
    throw refused(text, registry, "it is an address inside some network");
  }
  return { realm, trusted: isSecure(realm) && (sameHost || (await sharesDomain(realm, registry))) };
}

/** Proxies that end TLS lose the scheme of their own host, and the port with it. */
function encrypted(realm: URL, registry: URL): URL {
  const isLost = isSecure(registry) && !isSecure(realm) && realm.hostname === registry.hostname;
  if (!isLost) return realm;
  const url = new URL(realm);
  if (url.port === "") url.port = registry.port;
  url.protocol = "https:";
  return url;
}

function isSecure(url: URL): boolean {
  return url.protocol === "https:";
}

function isInternal(url: URL): boolean {
  return isLinkLocal(url) || isIpLiteral(url) || isLoopback(url);
}

function parseUrl(text: string, registry: URL): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const web = url.protocol === "https:" || url.protocol === "http:";
  return web && url.username === "" && url.password === "" ? encrypted(url, registry) : undefined;
}

function refused(text: string, registry: URL, reason: string): DrayError {
  return new DrayError(
    "DRAY_AUTH_REALM_REFUSED",
    `Cannot ask for a token at ${JSON.stringify(text.slice(0, 200))}, which ${registry.host} names: ${reason}`,
    { kind: "refused", hint: "If this is right, allow the host with --allow-token-host HOST." },
  );
}

/** How two registrable domains compare: `gitlab.example.com` and `registry.example.com` share one. */
async function sharesDomain(a: URL, b: URL): Promise<boolean> {
  const { getDomain } = await import("tldts");
  const domain = getDomain(a.hostname, { allowPrivateDomains: true });
  return domain !== null && domain === getDomain(b.hostname, { allowPrivateDomains: true });
}
