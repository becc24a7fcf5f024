import { DrayError } from "../errors.ts";
import type { Descriptor } from "./descriptor.ts";
import { annotationsSchema, descriptorSchema } from "./descriptor-schema.ts";
import { parseJson } from "./json.ts";
import { isIndexType, isManifestType, isSchema1Type } from "./media-type.ts";
import { absentOr, listOf, parseAs, z } from "./schema.ts";

/** What image manifests and indexes have in common. */
export interface ManifestBase {
  readonly mediaType: string;
  /** The exact bytes: a digest is of bytes, so nothing is ever written back from the parsed form. */
  readonly raw: Uint8Array;
  readonly artifactType?: string | undefined;
  /** A weak link: what this manifest is about, which may be elsewhere. */
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md */
export interface ImageManifest extends ManifestBase {
  readonly kind: "manifest";
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md */
export interface ImageIndex extends ManifestBase {
  readonly kind: "index";
  readonly manifests: readonly Descriptor[];
}

/** Index in index in index: real images nest twice. Whoever follows indexes stops here. */
export const MAX_INDEX_DEPTH = 8;

export type Manifest = ImageManifest | ImageIndex;

const base = {
  schemaVersion: z.literal(2),
  mediaType: absentOr(z.string()),
  artifactType: absentOr(z.string()),
  subject: absentOr(descriptorSchema),
  annotations: annotationsSchema,
};

const manifestSchema = z.object({
  ...base,
  config: descriptorSchema,
  layers: listOf(descriptorSchema),
});

const indexSchema = z.object({ ...base, manifests: listOf(descriptorSchema) });

/**
 * Parses an image manifest or an index. `mediaType` is what the descriptor or the Content-Type said;
 * the document's own `mediaType` wins where both are manifest types (image-spec, media type
 * conflicts). `what` names the document in errors.
 *
 * @throws DrayError `DRAY_MANIFEST_INVALID`, `DRAY_MANIFEST_AMBIGUOUS`, `DRAY_MANIFEST_UNSUPPORTED`
 */
export function parseManifest(
  raw: Uint8Array,
  { mediaType, what }: { mediaType: string; what: string },
): Manifest {
  const value = parseJson(raw, what);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DrayError("DRAY_MANIFEST_INVALID", `Cannot read ${what}: expected a JSON object`, {
      kind: "refused",
    });
  }
  const actual = actualMediaType(value, mediaType, what);
  refuseAmbiguous(value, what);
  const context = { what, code: "DRAY_MANIFEST_INVALID" } as const;
  if (isIndexType(actual)) {
    return { kind: "index", ...parseAs(indexSchema, value, context), mediaType: actual, raw };
  }
  return { kind: "manifest", ...parseAs(manifestSchema, value, context), mediaType: actual, raw };
}

function actualMediaType(value: object, announced: string, what: string): string {
  const own = "mediaType" in value && typeof value.mediaType === "string" ? value.mediaType : "";
  const schema1 = "schemaVersion" in value && value.schemaVersion === 1;
  if (schema1 || isSchema1Type(own) || isSchema1Type(announced)) {
    throw new DrayError(
      "DRAY_MANIFEST_UNSUPPORTED",
      `Cannot read ${what}: it is a Docker schema 1 manifest, which no current runtime accepts`,
      { kind: "refused", hint: "Push the image again with a current tool, or leave it out." },
    );
  }
  const actual = own === "" ? announced : own;
  if (!isManifestType(actual)) {
    throw new DrayError(
      "DRAY_MANIFEST_UNSUPPORTED",
      `Cannot read ${what}: expected an image manifest or index, found media type ${JSON.stringify(actual)}`,
      { kind: "refused" },
    );
  }
  return actual;
}

/** Names that say what a document is. */
const TELLING_NAMES: ReadonlySet<string> = new Set(["manifests", "layers", "config"]);

/**
 * A document that is both a manifest and an index means different things to different readers
 * (CVE-2021-41190). So does one that spells a name another way: readers written in Go take it for
 * the name itself.
 */
export function refuseAmbiguous(value: object, what: string): void {
  const index = "manifests" in value;
  const manifest = "layers" in value || "config" in value || "fsLayers" in value;
  const other = Object.keys(value).find(
    (name) => TELLING_NAMES.has(folded(name)) && folded(name) !== name,
  );
  if (other === undefined && !(index && manifest)) return;
  const reason =
    other === undefined
      ? 'both "manifests" and "layers" or "config"'
      : `${JSON.stringify(other)}, which some readers take for ${JSON.stringify(folded(other))}`;
  throw new DrayError("DRAY_MANIFEST_AMBIGUOUS", `Cannot read ${what}: it has ${reason}`, {
    kind: "refused",
  });
}

function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/**
 * What must be present for this manifest to be usable, in the order it stands there. The subject is
 * not among it: a referrer may travel without what it refers to.
 */
export function successorsOf(manifest: Manifest): readonly Descriptor[] {
  return manifest.kind === "index" ? manifest.manifests : [manifest.config, ...manifest.layers];
}

/** The manifests among these; only an index has any. */
export function childrenOf(manifest: Manifest): readonly Descriptor[] {
  return successorsOf(manifest).filter(({ mediaType }) => isManifestType(mediaType));
}

/** The blobs among these, which may stand in an index too. */
export function blobsOf(manifest: Manifest): readonly Descriptor[] {
  return successorsOf(manifest).filter(({ mediaType }) => !isManifestType(mediaType));
}
