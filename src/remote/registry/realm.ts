import { DrayError } from "../../errors.ts";
import { isIpLiteral, isLinkLocal, isLoopback } from "../http/address.ts";
import { sharesDomain } from "./registry-url.ts";

/**
 * Reads the realm that a registry names and says whether it may see the user's credentials. The
 * registry chooses this address, so by default it gets secrets only where the registry itself could
 * have asked for them: at the same origin, or over https in the same registrable domain.
 *
 * @throws DrayError `DRAY_AUTH_REALM_REFUSED` for an address that is not even asked anonymously
 */
export async function judgeRealm(
  text: string,
  { registry, allowed }: { registry: URL; allowed: readonly string[] },
): Promise<{ realm: URL; trusted: boolean }> {
  const realm = parseUrl(text);
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

function isSecure(url: URL): boolean {
  return url.protocol === "https:";
}

function isInternal(url: URL): boolean {
  return isLinkLocal(url) || isIpLiteral(url) || isLoopback(url);
}

function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const web = url.protocol === "https:" || url.protocol === "http:";
  return web && url.username === "" && url.password === "" ? url : undefined;
}

function refused(text: string, registry: URL, reason: string): DrayError {
  return new DrayError(
    "DRAY_AUTH_REALM_REFUSED",
    `Cannot ask for a token at ${JSON.stringify(text.slice(0, 200))}, which ${registry.host} names: ${reason}`,
    { kind: "refused", hint: "If this is right, allow the host with --allow-token-host HOST." },
  );
}
