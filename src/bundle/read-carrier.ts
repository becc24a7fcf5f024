import type { Archive } from "../archive/archive.ts";
import { scan, type KeepQuestion, type Scan } from "../archive/scan.ts";
import type { Listener } from "../events.ts";
import { BLOBS_DIRECTORY } from "../oci/image-layout.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { scanHead } from "./head.ts";

/**
 * How much is read at once. `hashed`: every byte, once, and verified. `readable`: everything but the
 * blobs' own bytes is verified; whoever uses a blob verifies that. `verified`: every byte is
 * verified, and readable again. `head`: what describes the rest, without looking whether that is there.
 */
export type ContentNeed = "hashed" | "readable" | "verified" | "head";

/** True where every byte is verified before anything is used. */
export function readsEverything(content: ContentNeed): boolean {
  return content === "hashed" || content === "verified";
}

/** Who can stop the reading, and hears how far it is. */
export interface Listening {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

export interface CarrierOptions extends Listening {
  readonly content: ContentNeed;
}

/** Goes through a carrier as far as is needed, and keeps what cannot be read again. */
export function readCarrier(
  archive: Archive,
  { content, signal, onEvent }: CarrierOptions,
): Promise<Scan> {
  const keep = archive.kind === "stream" ? keepMetadata() : undefined;
  if (content === "head") return scanHead(archive, { keep, signal });
  const hash = readsEverything(content);
  return scan(archive, { hash, check: true, keep, sha512: isSha512Blob, signal, onEvent });
}

/** How much of the carrier was seen: all, the head that was asked for, or what could be read. */
export type Extent = "all" | "head" | "part";

export function extentOf({ complete }: Scan, { content }: CarrierOptions): Extent {
  if (!complete) return "part";
  return content === "head" ? "head" : "all";
}

function isSha512Blob(path: string): boolean {
  return path.includes(`${BLOBS_DIRECTORY}/sha512/`);
}

/** Kept in memory for a carrier that can be read only once. */
const MAX_KEPT_BYTES = 128 * 1024 * 1024;

/** What describes the rest, in the bundle's own folder or in those that were added. */
const DOCUMENT =
  /^(?:[^/]+\/){0,4}(?:SHA256SUMS(?:\.sigstore\.json|\.sig)?|(?:bundle|index)\.json|oci-layout|README\.txt)$/i;
const BLOB = /^(?:[^/]+\/){0,4}blobs\/sha\d+\/[a-f0-9]+$/i;

/** An opening brace, or blanks before it. */
const JSON_START: ReadonlySet<number | undefined> = new Set(Buffer.from("{ \t\r\n"));

/** Texts and packed charts, which may have to be put right or looked into. */
const MAX_SMALL_BYTES = 256 * 1024;
const MAX_SMALL_TOTAL = 32 * 1024 * 1024;

/** Everything that may have to be looked into again: documents, and blobs that begin like JSON. */
function keepMetadata(): (file: KeepQuestion) => boolean {
  const left = { documents: MAX_KEPT_BYTES, small: MAX_SMALL_TOTAL };
  return ({ path, size, firstByte }) => {
    const isBlob = BLOB.test(path);
    const isManifest = isBlob && size <= MAX_MANIFEST_BYTES && JSON_START.has(firstByte);
    const kind = isManifest || DOCUMENT.test(path) ? "documents" : "small";
    if (kind === "small" && (isBlob || size > MAX_SMALL_BYTES)) return false;
    if (size > left[kind]) return false;
    left[kind] -= size;
    return true;
  };
}
