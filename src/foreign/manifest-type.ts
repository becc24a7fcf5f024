import { parseJson } from "../oci/json.ts";
import { MediaType } from "../oci/media-type.ts";

/** What a manifest says that it is; OCI documents may leave it out. */
export function mediaTypeOf(raw: Buffer, what: string): string {
  const value = parseJson(raw, what);
  if (typeof value !== "object" || value === null) return MediaType.octetStream;
  if ("mediaType" in value && typeof value.mediaType === "string") return value.mediaType;
  return "manifests" in value ? MediaType.ociIndex : MediaType.ociManifest;
}

/** True for what can only be a list: many things are called `manifest.json`. */
export function beginsAsList(raw: Buffer): boolean {
  return /^\s*(?:\[|null\s*$)/.test(raw.toString("latin1", 0, 64));
}
