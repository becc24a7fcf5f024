import type { Descriptor } from "../../oci/descriptor.ts";
import { parseDigest, type Digest } from "../../oci/digest.ts";
import { isManifestType, isSchema1Type } from "../../oci/media-type.ts";
import type { TransportResponse } from "../http/transport.ts";

/** A descriptor out of the headers of an answer, if they say enough. */
export function describe(response: TransportResponse): Descriptor | undefined {
  const digest = digestIn(response);
  const length = response.header("content-length");
  const mediaType = manifestTypeIn(response);
  if (digest === undefined || length === undefined || mediaType === undefined) return undefined;
  const size = Number(length);
  return Number.isSafeInteger(size) && size > 0 ? { mediaType, digest, size } : undefined;
}

/** The type of manifest that an answer announces; servers of plain files announce others. */
export function manifestTypeIn(response: TransportResponse): string | undefined {
  const mediaType = response.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  return isManifestType(mediaType) || isSchema1Type(mediaType) ? mediaType : undefined;
}

/** `Docker-Content-Digest`, if it is one that can be compared with anything. */
export function digestIn(response: TransportResponse): Digest | undefined {
  try {
    return parseDigest(response.header("docker-content-digest") ?? "");
  } catch {
    return undefined;
  }
}
