import type { Authored } from "../../content/memory.ts";
import { DrayError } from "../../errors.ts";
import { digestSchema, mediaTypeSchema } from "../../oci/descriptor-schema.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { parseJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-type.ts";
import { parseAs, z } from "../../oci/schema.ts";
import { BlobPool } from "../blob-pool.ts";
import type { FileTree } from "../file-tree.ts";
import { directoriesWith, type ForeignReader, type ForeignRoot } from "../foreign-content.ts";
import { beginsAsList, tryDigest } from "../documents.ts";
import { referenceClaim } from "../names.ts";

const TABLE = "manifest.json";

/** It holds every manifest and config as text. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024;

const document = z.object({ Digest: digestSchema, Raw: z.string() });
const named = z.object({
  Refs: z.array(z.string()).nullish(),
  OrigRef: z.string().nullish(),
  Tag: z.string().nullish(),
});
const image = named.extend({
  Config: document,
  Manifest: document.extend({ MediaType: mediaTypeSchema }),
});
const index: z.ZodType<Index> = named.extend({
  ...document.shape,
  MediaType: mediaTypeSchema,
  Images: z.array(image).nullish(),
  Indexes: z.lazy(() => z.array(index).nullish()),
});
const schema = z.array(
  z
    .object({ Image: image.nullish(), ImageIndex: index.nullish() })
    .refine((item) => item.Image ?? item.ImageIndex, "expected Image or ImageIndex"),
);

type Named = z.infer<typeof named>;
type Image = z.infer<typeof image>;
type Index = Named &
  z.infer<typeof document> & {
    MediaType: string;
    Images?: Image[] | null | undefined;
    Indexes?: Index[] | null | undefined;
  };

/**
 * What `imgpkg copy --to-tar` writes: a table that holds every manifest and config word for word,
 * and layers beside it.
 * https://github.com/carvel-dev/imgpkg/blob/v0.46.0/pkg/imgpkg/internal/imagedesc/image_ref_descs.go
 */
export const imgpkgArchive: ForeignReader = {
  detect: (tree) => directoriesWith(tree, TABLE),

  async open(tree, at) {
    const place = tree.place(at + TABLE);
    const what = JSON.stringify(place);
    const raw = await tree.readSmall(at + TABLE, MAX_TABLE_BYTES);
    const value = beginsAsList(raw) ? parseJson(raw, what, MAX_TABLE_BYTES) : undefined;
    if (!isMeantForImgpkg(value)) return undefined;
    const table = parseAs(schema, value, { what, code: "DRAY_IMGPKG_INVALID" });
    const blobs = new BlobPool(`imgpkg archive ${JSON.stringify(tree.place(at) || ".")}`);
    addLayers(tree, at, blobs);
    tree.claim([at + TABLE]);
    const roots: ForeignRoot[] = [];
    for (const { Image: single, ImageIndex: several } of table) {
      if (single) roots.push(rootOf(addImage(single, blobs, place), single, place));
      if (several) roots.push(rootOf(addIndex(several, blobs, place), several, place));
    }
    return { form: "imgpkg archive", blobs, roots, findings: [] };
  },
};

function isMeantForImgpkg(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  return value.some(
    (item: unknown) =>
      typeof item === "object" && item !== null && ("Image" in item || "ImageIndex" in item),
  );
}

/** The name is the same whatever the compression is. */
const LAYER = /^(sha\d+)-([a-f0-9]+)\.tar\.gz$/;

function addLayers(tree: FileTree, at: string, blobs: BlobPool): void {
  for (const path of tree.below(at)) {
    const [, algorithm = "", encoded = ""] = LAYER.exec(path.slice(at.length)) ?? [];
    const digest = tryDigest(`${algorithm}:${encoded}`);
    const file = tree.files.get(path);
    if (digest === undefined || file === undefined) continue;
    blobs.addFile(digest, file);
    tree.claim([path]);
  }
}

function addImage({ Config, Manifest }: Image, blobs: BlobPool, place: string): Authored {
  blobs.addDocument(documentOf(Config, MediaType.octetStream, place));
  return added(blobs, documentOf(Manifest, Manifest.MediaType, place));
}

function addIndex(given: Index, blobs: BlobPool, place: string): Authored {
  for (const child of given.Images ?? []) addImage(child, blobs, place);
  for (const child of given.Indexes ?? []) addIndex(child, blobs, place);
  return added(blobs, documentOf(given, given.MediaType, place));
}

function added(blobs: BlobPool, made: Authored): Authored {
  blobs.addDocument(made);
  return made;
}

function documentOf(
  { Digest: digest, Raw }: { Digest: Digest; Raw: string },
  mediaType: string,
  place: string,
): Authored {
  const bytes = Buffer.from(Raw);
  if (digestOf(bytes) === digest) {
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  }
  throw new DrayError(
    "DRAY_IMGPKG_INVALID",
    `Cannot read ${JSON.stringify(place)}: expected ${digest}, found a text with digest ${digestOf(bytes)}`,
    { kind: "refused" },
  );
}

function rootOf({ descriptor }: Authored, described: Named, place: string): ForeignRoot {
  return { descriptor, name: nameOf(described), place };
}

/** As it was asked for, else where it came from. */
function nameOf({ OrigRef, Refs, Tag }: Named): ForeignRoot["name"] {
  const text = OrigRef || Refs?.[0];
  const at = text?.indexOf("@") ?? -1;
  if (text === undefined || at === -1 || !Tag) return referenceClaim(text);
  return referenceClaim(`${text.slice(0, at)}:${Tag}${text.slice(at)}`);
}
