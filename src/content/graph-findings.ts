import type { Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { MAX_INDEX_DEPTH } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-type.ts";
import { formatPlatform } from "../oci/platform.ts";

export function unsupportedRoot(name: string, { mediaType }: Descriptor): Finding {
  const message = `${name}: expected an image manifest or index, found ${mediaType}`;
  return { code: "ROOT_UNSUPPORTED", severity: "error", entry: name, message };
}

export function tooDeep(name: string): Finding {
  const message = `${name}: more than ${MAX_INDEX_DEPTH} indexes stand inside one another`;
  return { code: "INDEX_TOO_DEEP", severity: "error", entry: name, message };
}

/** `found` bytes are there instead of what is needed, or nothing. */
export function notAsNeeded(name: string, needed: Descriptor, found: number | undefined): Finding {
  const { digest, size, mediaType, platform } = needed;
  const kind = isManifestType(mediaType) ? "manifest" : "blob";
  const what = platform === undefined ? kind : `${kind} for ${formatPlatform(platform)}`;
  if (found === undefined) {
    const message = `${name} needs ${what} ${digest}, which is missing`;
    return { code: "BLOB_MISSING", severity: "error", entry: digest, message };
  }
  return {
    code: "BLOB_SIZE",
    severity: "error",
    entry: digest,
    message: `${name} needs ${what} ${digest} of ${size} bytes, found ${found}`,
    wanted: String(size),
    found: String(found),
  };
}

export function typeConflict(
  name: string,
  { digest, mediaType }: Descriptor,
  actual: string,
): Finding {
  const message = `${name}: ${digest} is announced as ${mediaType} and is ${actual}`;
  return { code: "MEDIA_TYPE_CONFLICT", severity: "warning", entry: digest, message };
}

export function missingSubject(name: string, { digest }: Descriptor): Finding {
  const message = `${name} refers to ${digest}, which is not in the bundle`;
  return { code: "SUBJECT_MISSING", severity: "warning", entry: digest, message };
}

export function notDistributable(name: string, { digest }: Descriptor): Finding {
  const message = `${name} has a layer whose license keeps it out of other registries`;
  return { code: "LAYER_NOT_DISTRIBUTABLE", severity: "warning", entry: digest, message };
}
