import { parseDigest, type Digest } from "../../oci/digest.ts";
import type { TransportResponse } from "../http/transport.ts";

/** `Docker-Content-Digest`, if it is one that can be compared with anything. */
export function digestIn(response: TransportResponse): Digest | undefined {
  try {
    return parseDigest(response.header("docker-content-digest") ?? "");
  } catch {
    return undefined;
  }
}

/** The media type that the head of an answer names, without parameters; empty if it names none. */
export function typeIn(response: TransportResponse): string {
  return response.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
}

/**
 * What to say of a manifest that is given out as another type than `mediaType`, undefined if it is not:
 * runtimes take the header's word, and refuse an image whose own word is another.
 */
export function otherType(response: TransportResponse, mediaType: string): string | undefined {
  const type = typeIn(response);
  if (type === "" || type === mediaType.toLowerCase()) return undefined;
  return `${JSON.stringify(type.slice(0, 100))}, and it is ${mediaType}: its bytes are right, and nodes may refuse to pull it. Whoever runs the registry, or a proxy before it, has to let Content-Type be what was sent`;
}
