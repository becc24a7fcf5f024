import { createHash } from "node:crypto";
import { gunzip, limited, maxInflated } from "../archive/inflate.ts";
import { authored, type Authored } from "../content/memory.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestSchema } from "../oci/descriptor-schema.ts";
import { digestFrom, encodedOf, type Digest } from "../oci/digest.ts";
import { MAX_MANIFEST_BYTES, parseJson } from "../oci/json.ts";
import { MediaType } from "../oci/media-type.ts";
import { parseAs, z } from "../oci/schema.ts";
import type { DockerImage } from "./docker-manifest.ts";
import type { FileTree, ForeignFile } from "./file-tree.ts";

/** An image of a docker archive as an OCI image; the archive has no manifest for it. */
export interface ConvertedImage {
  readonly manifest: Authored;
  /** The image id is its digest. */
  readonly config: Authored;
  readonly layers: readonly { readonly descriptor: Descriptor; readonly file: ForeignFile }[];
}

const configSchema = z.object({ rootfs: z.object({ diff_ids: z.array(digestSchema) }) });

/** Digests that were read from content, so that a layer of many images is read once. */
export type KnownLayers = Map<string, Promise<{ digest: Digest; diffId: Digest }>>;

/**
 * Makes an OCI manifest of what Docker saved: config and layers stay byte for byte, and the same
 * archive gives the same manifest everywhere.
 *
 * @throws DrayError `DRAY_DOCKER_IMAGE_INVALID`, and whatever is missing or damaged
 */
export async function convertImage(
  { tree, at, known }: { tree: FileTree; at: string; known: KnownLayers },
  { Config, Layers }: DockerImage,
): Promise<ConvertedImage> {
  const place = tree.place(at + Config);
  const raw = await tree.readSmall(at + Config, MAX_MANIFEST_BYTES);
  const config = authored(MediaType.ociConfig, raw);
  requireImageId(Config, { config, place });
  const what = JSON.stringify(place);
  const { rootfs } = parseAs(configSchema, parseJson(raw, what), {
    what,
    code: "DRAY_DOCKER_IMAGE_INVALID",
  });
  const paths = Layers ?? [];
  if (paths.length !== rootfs.diff_ids.length) {
    throw invalid(place, `${rootfs.diff_ids.length} layers`, `${paths.length} in manifest.json`);
  }
  const layers: ConvertedImage["layers"][number][] = [];
  for (const [index, diffId] of rootfs.diff_ids.entries()) {
    const file = tree.follow(at + (paths[index] ?? ""));
    layers.push({ descriptor: await describeLayer(file, { diffId, known }), file });
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { manifest: authored(MediaType.ociManifest, bytes), config, layers };
}

/** A config is named by its digest: `HEX.json`, `sha256:HEX` or `blobs/sha256/HEX`. */
function requireImageId(
  path: string,
  { config, place }: { config: Authored; place: string },
): void {
  const [, named] = /(?:^|[/:])([a-f0-9]{64})(?:\.json)?$/.exec(path) ?? [];
  const found = encodedOf(config.descriptor.digest);
  if (named !== undefined && named !== found) throw invalid(place, `image id ${named}`, found);
}

/**
 * The digest of a layer that is not compressed is its diff id: whoever reads the layer finds out if
 * that is so. What is compressed has to be read for both.
 */
async function describeLayer(
  file: ForeignFile,
  { diffId, known }: { diffId: Digest; known: KnownLayers },
): Promise<Descriptor> {
  const { size } = file;
  if (!(await isGzip(file))) return { mediaType: MediaType.ociLayer, digest: diffId, size };
  const reading = known.get(file.path) ?? hashLayer(file);
  known.set(file.path, reading);
  const found = await reading;
  if (found.diffId !== diffId) throw invalid(file.path, `layer ${diffId}`, found.diffId);
  return { mediaType: MediaType.ociLayerGzip, digest: found.digest, size };
}

async function isGzip(file: ForeignFile): Promise<boolean> {
  if (file.size < 2) return false;
  for await (const bytes of file.read({ length: 2 })) return bytes[0] === 0x1f && bytes[1] === 0x8b;
  return false;
}

async function hashLayer(file: ForeignFile): Promise<{ digest: Digest; diffId: Digest }> {
  const packed = createHash("sha256");
  const unpacked = createHash("sha256");
  const content = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of file.read()) {
      packed.update(piece);
      yield piece;
    }
  };
  const what = JSON.stringify(file.path);
  const inflated = limited(gunzip(content(), what), { limit: maxInflated(file.size), what });
  for await (const piece of inflated) unpacked.update(piece);
  return { digest: digestFrom(packed), diffId: digestFrom(unpacked) };
}

function invalid(place: string, wanted: string, found: string): DrayError {
  return new DrayError(
    "DRAY_DOCKER_IMAGE_INVALID",
    `Cannot read image ${JSON.stringify(place)}: expected ${wanted}, found ${found}`,
    { kind: "refused", hint: "Save the image again, or copy the archive again." },
  );
}
