import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import type { NetworkAccess } from "./network-access.ts";

/**
 * By the list of certificates: to parse some three hundred of them takes longer than a handshake, and
 * every registry that a command speaks to is judged by the same ones.
 */
const parsed = new WeakMap<readonly string[], SecureContext>();

/** Whom a connection trusts and what it shows of itself; undefined for what Node.js does by itself. */
export function secureContextFor({
  ca = [],
  certificate,
}: NetworkAccess): SecureContext | undefined {
  if (ca.length === 0 && certificate === undefined) return undefined;
  if (certificate !== undefined) return createSecureContext({ ...trusted(ca), ...certificate });
  const known = parsed.get(ca) ?? createSecureContext(trusted(ca));
  parsed.set(ca, known);
  return known;
}

/** A list of our own replaces the one that Node.js brings. */
function trusted(ca: readonly string[]): { ca?: string[] } {
  return ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] };
}
