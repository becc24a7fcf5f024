import type { Source } from "../../content/content.ts";
import { readVerified } from "../../content/verify.ts";
import { DrayError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseJson } from "../../oci/json.ts";
import { parseManifest, type ImageIndex } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media-type.ts";
import { isRunnable } from "../../oci/platform.ts";
import { ATTESTED_DIGEST, IN_TOTO } from "../../oci/referrer.ts";
import { inEach } from "./predicates.ts";
import { MAX_SIGNED_BYTES } from "./read-bundle.ts";
import { statementIn } from "./statement.ts";

/** The images of an index: what stands beside them for no platform is about them. */
export function imagesOf({ manifests }: ImageIndex): Descriptor[] {
  return manifests.filter(
    ({ mediaType, platform }) =>
      isManifestType(mediaType) && (platform === undefined || isRunnable(platform)),
  );
}

/**
 * What the statements that BuildKit puts into an index say of all of its images: predicate types. They
 * are as good as the index that they stand in.
 */
export async function statementsIn(index: ImageIndex, source: Source): Promise<string[]> {
  const types = await Promise.all(
    imagesOf(index).map(({ digest }) => statementsAbout(digest, index, source)),
  );
  return inEach(types);
}

async function statementsAbout(
  image: Digest,
  { manifests }: ImageIndex,
  source: Source,
): Promise<ReadonlySet<string>> {
  const types = new Set<string>();
  for (const beside of manifests) {
    if (beside.annotations?.[ATTESTED_DIGEST] !== image) continue;
    const { mediaType, digest } = beside;
    if (!isManifestType(mediaType)) continue;
    const manifest = parseManifest(await readVerified(source, beside), { mediaType, what: digest });
    for (const layer of manifest.kind === "index" ? [] : manifest.layers) {
      const type = await typeOf(layer, image, source);
      if (type !== undefined) types.add(type);
    }
  }
  return types;
}

/** What a statement about an image attests; undefined for anything else. */
async function typeOf(
  layer: Descriptor,
  image: Digest,
  source: Source,
): Promise<string | undefined> {
  if (layer.mediaType !== IN_TOTO || layer.size > MAX_SIGNED_BYTES) {
    return undefined;
  }
  const raw = await readVerified(source, layer, { maxBytes: MAX_SIGNED_BYTES });
  try {
    const statement = statementIn(parseJson(raw, `statement ${layer.digest}`, MAX_SIGNED_BYTES));
    return statement?.about.includes(image) === true ? statement.predicateType : undefined;
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
