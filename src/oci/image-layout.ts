import { DrayError } from "../errors.ts";
import type { Descriptor } from "./descriptor.ts";
import { descriptorSchema } from "./descriptor-schema.ts";
import { algorithmOf, encodedOf, type Digest } from "./digest.ts";
import { parseJson, withoutBom } from "./json.ts";
import { refuseAmbiguous } from "./manifest.ts";
import { isIndexType, MediaType } from "./media-type.ts";
import { listOf, parseAs, z } from "./schema.ts";

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md */
export const LAYOUT_FILE = "oci-layout";
export const INDEX_FILE = "index.json";
export const BLOBS_DIRECTORY = "blobs";

/** The bytes of every `oci-layout` file that is written. */
export const LAYOUT_CONTENT: Uint8Array = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

/** Largest `index.json`: it names every root, and a bundle may have thousands of them. */
export const MAX_INDEX_BYTES = 20 * 1024 * 1024;

/** Roots of one layout. The largest sets of mirrored images have some ten thousand. */
const MAX_ROOTS = 50_000;

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
export const Annotation = {
  refName: "org.opencontainers.image.ref.name",
  title: "org.opencontainers.image.title",
  version: "org.opencontainers.image.version",
  description: "org.opencontainers.image.description",
  created: "org.opencontainers.image.created",
  url: "org.opencontainers.image.url",
  source: "org.opencontainers.image.source",
  authors: "org.opencontainers.image.authors",
  /** Not in the specification: where containerd and Docker keep the full reference. */
  containerdName: "io.containerd.image.name",
} as const;

/** Path of a blob inside a layout, with `/` whatever the system. */
export function blobPath(digest: Digest): string {
  return `${BLOBS_DIRECTORY}/${algorithmOf(digest)}/${encodedOf(digest)}`;
}

const indexFileSchema = z.object({
  schemaVersion: z.literal(2),
  /** Where it is said, it is an index: image-spec, image-index.md, `mediaType`. */
  mediaType: z.string().refine(isIndexType, "expected the media type of an index").nullish(),
  manifests: listOf(descriptorSchema),
});

/**
 * The roots that an `index.json` names; `what` names the file in errors.
 * @throws DrayError `DRAY_LAYOUT_INVALID`, `DRAY_MANIFEST_AMBIGUOUS`
 */
export function parseIndexFile(bytes: Uint8Array, what: string): readonly Descriptor[] {
  const value = parseJson(withoutBom(bytes), what, MAX_INDEX_BYTES);
  if (typeof value === "object" && value !== null) refuseAmbiguous(value, what);
  const { manifests } = parseAs(indexFileSchema, value, { what, code: "DRAY_LAYOUT_INVALID" });
  if (manifests.length <= MAX_ROOTS) return manifests;
  throw new DrayError(
    "DRAY_LAYOUT_INVALID",
    `Cannot read ${what}: expected at most ${MAX_ROOTS} manifests, found ${manifests.length}`,
    { kind: "refused", hint: "Split what is in it into several layouts." },
  );
}

/** The same roots always give the same bytes. */
export function formatIndexFile(roots: readonly Descriptor[]): Buffer {
  const manifests = roots.map(
    ({ mediaType, digest, size, annotations, artifactType, platform }) => ({
      mediaType,
      digest,
      size,
      annotations,
      artifactType,
      platform,
    }),
  );
  const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
  return Buffer.from(`${JSON.stringify(index, undefined, 2)}\n`);
}
