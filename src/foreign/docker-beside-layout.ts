import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import { walkManifests } from "../content/walk.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf, type Digest } from "../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { parseManifest, type Manifest } from "../oci/manifest.ts";
import { formatReference } from "../oci/reference.ts";
import { append } from "../content/append.ts";
import type { BlobPool } from "./blob-pool.ts";
import { convertImages, rootsOf } from "./docker-images.ts";
import { DOCKER_MANIFEST, readDockerManifest, type DockerImage } from "./docker-manifest.ts";
import type { FileTree } from "./file-tree.ts";
import type { ForeignRoot } from "./foreign-content.ts";
import { referenceClaim } from "./names.ts";
import { manifestsOf } from "./stored-manifests.ts";

/** A layout whose `index.json` has been read. */
interface ReadLayout {
  readonly blobs: BlobPool;
  readonly roots: readonly ForeignRoot[];
}

/** What Docker's table has that the layout's index does not. */
export interface DockerBeside {
  /** Names of images that the index leads to. */
  readonly names: readonly ForeignRoot[];
  /** Images that it does not lead to. */
  readonly images: readonly ForeignRoot[];
  readonly findings: readonly Finding[];
}

/**
 * Compares Docker's table of contents with the index of the layout that it stands in: images and
 * names that only the table has are taken from there. Claims the table; undefined if there is none.
 */
export async function readDockerBeside(
  tree: FileTree,
  at: string,
  layout: ReadLayout,
): Promise<DockerBeside | undefined> {
  const path = at + DOCKER_MANIFEST;
  const images = tree.files.has(path) ? await readDockerManifest(tree, path) : undefined;
  if (images === undefined) return undefined;
  tree.claim([path, `${at}repositories`]);
  const place = tree.place(path);
  const indexed = await byConfig(layout);
  const findings: Finding[] = [];
  const names: ForeignRoot[] = [];
  const lost = new Map<DockerImage, Digest>();
  for (const image of images) {
    const config = await configOf(tree, at, { image, findings });
    const known = config === undefined ? undefined : indexed.get(config);
    if (known !== undefined) append(names, lostNames(image, known, place));
    else if (config !== undefined) lost.set(image, config);
  }
  const stored = await manifestsOf(new Set(lost.values()), layout.blobs);
  const kept = [...lost].flatMap(([{ RepoTags }, config]) => {
    const descriptor = stored.get(config);
    return descriptor === undefined ? [] : rootsOf(RepoTags, { descriptor, config, place });
  });
  const bare = [...lost].flatMap(([image, config]) => (stored.has(config) ? [] : [image]));
  const converted = await convertImages(tree, at, bare);
  layout.blobs.addAll(converted.blobs);
  return {
    names,
    images: [...kept, ...converted.roots],
    findings: [...findings, ...converted.findings],
  };
}

/** An image that the index leads to. */
interface IndexedImage {
  readonly manifest: Descriptor;
  /** The roots that lead there. */
  readonly roots: readonly ForeignRoot[];
}

/** The images that the index leads to by the digest of their config, which Docker calls their id. */
async function byConfig({ blobs, roots }: ReadLayout): Promise<ReadonlyMap<Digest, IndexedImage>> {
  const found = new Map<Digest, IndexedImage>();
  for (const root of roots) {
    const read = (descriptor: Descriptor): Promise<Manifest | undefined> =>
      readable(descriptor, blobs);
    for await (const { descriptor, manifest } of walkManifests(root.descriptor, read)) {
      if (manifest.kind === "index") continue;
      const { digest } = manifest.config;
      const { mediaType, digest: own, size } = descriptor;
      const known = found.get(digest) ?? { manifest: { mediaType, digest: own, size }, roots: [] };
      found.set(digest, { ...known, roots: [...known.roots, root] });
    }
  }
  return found;
}

/** What cannot be read is reported by whoever follows the graph. */
async function readable(descriptor: Descriptor, blobs: BlobPool): Promise<Manifest | undefined> {
  if (blobs.sizeOf(descriptor) !== descriptor.size) return undefined;
  const { mediaType, digest } = descriptor;
  try {
    return parseManifest(await blobs.read(descriptor), { mediaType, what: `manifest ${digest}` });
  } catch (error) {
    if (error instanceof DrayError && error.kind === "refused") return undefined;
    throw error;
  }
}

async function configOf(
  tree: FileTree,
  at: string,
  { image, findings }: { image: DockerImage; findings: Finding[] },
): Promise<Digest | undefined> {
  const path = at + image.Config;
  try {
    return digestOf(await tree.readSmall(path, MAX_MANIFEST_BYTES));
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    findings.push(findingOf(error, tree.place(path)));
    return undefined;
  }
}

/** The names that the index does not give to the image. */
function lostNames({ RepoTags }: DockerImage, known: IndexedImage, place: string): ForeignRoot[] {
  const names = new Set(known.roots.flatMap(textOf));
  return (RepoTags ?? []).flatMap((tag) => {
    const root = { descriptor: known.manifest, name: referenceClaim(tag), place };
    return textOf(root).some((text) => !names.has(text)) ? [root] : [];
  });
}

function textOf({ name }: Pick<ForeignRoot, "name">): string[] {
  return name.kind === "reference" ? [formatReference(name.reference)] : [];
}
