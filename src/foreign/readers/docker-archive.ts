import { DrayError } from "../../errors.ts";
import { findingOf, type Finding } from "../../finding.ts";
import { formatReference } from "../../oci/reference.ts";
import { BlobPool } from "../blob-pool.ts";
import { convertImage, type ConvertedImage, type KnownLayers } from "../docker-image.ts";
import { DOCKER_MANIFEST, readDockerManifest, type DockerImage } from "../docker-manifest.ts";
import type { FileTree } from "../file-tree.ts";
import { directoriesWith, type ForeignReader, type ForeignRoot } from "../foreign-content.ts";
import { referenceClaim } from "../names.ts";

/**
 * What `docker save` wrote before version 25, and podman, skopeo, crane and kaniko still write:
 * configs and layers as files, and a table of contents. Layers may be links to one another.
 */
export const dockerArchive: ForeignReader = {
  detect: (tree) => directoriesWith(tree, DOCKER_MANIFEST),

  async open(tree, at) {
    const images = await readDockerManifest(tree, at + DOCKER_MANIFEST);
    if (images === undefined) return undefined;
    tree.claim([at + DOCKER_MANIFEST, `${at}repositories`]);
    const place = tree.place(at + DOCKER_MANIFEST);
    const blobs = new BlobPool(`docker archive ${JSON.stringify(tree.place(at) || ".")}`);
    const roots: ForeignRoot[] = [];
    const findings: Finding[] = [];
    const known: KnownLayers = new Map();
    claimFiles(tree, at, images);
    for (const image of images) {
      try {
        const converted = await convertImage({ tree, at, known }, image);
        addTo(blobs, converted);
        roots.push(...rootsOf(image, converted, place));
      } catch (error) {
        if (!(error instanceof DrayError)) throw error;
        findings.push(findingOf(error, tree.place(at + image.Config)));
      }
    }
    if (images.length === 0) findings.push(empty(place));
    return {
      form: "docker save (classic)",
      blobs,
      roots,
      findings: [...findings, ...newDigests(roots)],
    };
  },
};

function addTo(blobs: BlobPool, { manifest, config, layers }: ConvertedImage): void {
  blobs.addDocument(manifest);
  blobs.addDocument(config);
  for (const { descriptor, file } of layers) blobs.addFile(descriptor.digest, file);
}

/** One for each tag; an image without a tag is known by its id. */
function rootsOf(
  { RepoTags }: DockerImage,
  { manifest, config }: ConvertedImage,
  place: string,
): ForeignRoot[] {
  const { descriptor } = manifest;
  const alias = config.descriptor.digest;
  const tags = RepoTags ?? [];
  if (tags.length === 0) return [{ descriptor, alias, name: { kind: "none" }, place }];
  return tags.map((tag) => ({ descriptor, alias, name: referenceClaim(tag), place }));
}

/** What stands beside in an older format: `ID/json`, `ID/VERSION`, and `ID/layer.tar` as a link. */
const LEGACY = /^[a-f0-9]{64}\/(?:json|VERSION|layer\.tar)$/;

/** @throws DrayError `DRAY_LINK_REFUSED` */
function claimFiles(tree: FileTree, at: string, images: readonly DockerImage[]): void {
  const named = images.flatMap(({ Config, Layers }) => [Config, ...(Layers ?? [])]);
  const legacy = tree.below(at).filter((path) => LEGACY.test(path.slice(at.length)));
  for (const path of legacy) tree.follow(path);
  tree.claim([...named.map((path) => at + path), ...legacy]);
}

function newDigests(roots: readonly ForeignRoot[]): Finding[] {
  return roots.map(({ descriptor, alias = "", name, place }) => {
    const shown =
      name.kind === "reference" ? formatReference(name.reference) : (name.hint ?? alias);
    return {
      code: "DIGEST_NEW",
      severity: "info",
      entry: descriptor.digest,
      message: `${shown} gets the new digest ${descriptor.digest}: ${place} does not say which one it had in its registry`,
    };
  });
}

function empty(place: string): Finding {
  return {
    code: "DOCKER_MANIFEST_EMPTY",
    severity: "error",
    entry: place,
    message: `${place} names no image`,
  };
}
