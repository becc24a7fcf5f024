import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { formatReference } from "../oci/reference.ts";
import { append } from "../content/append.ts";
import { BlobPool } from "./blob-pool.ts";
import { convertImage, type ConvertedImage, type KnownLayers } from "./docker-image.ts";
import { DOCKER_MANIFEST, type DockerImage } from "./docker-manifest.ts";
import type { FileTree } from "./file-tree.ts";
import type { ForeignRoot } from "./foreign-content.ts";
import { referenceClaim } from "./names.ts";

/** Images of Docker's table of contents as OCI images, under the names that the table gives them. */
export interface ConvertedImages {
  readonly blobs: BlobPool;
  readonly roots: readonly ForeignRoot[];
  readonly findings: readonly Finding[];
}

/** Makes OCI images of what Docker's table at `at` lists; what cannot be read is reported. */
export async function convertImages(
  tree: FileTree,
  at: string,
  images: readonly DockerImage[],
): Promise<ConvertedImages> {
  const place = tree.place(at + DOCKER_MANIFEST);
  const blobs = new BlobPool(`docker archive ${JSON.stringify(tree.place(at) || ".")}`);
  const roots: ForeignRoot[] = [];
  const findings: Finding[] = [];
  const known: KnownLayers = new Map();
  for (const image of images) {
    try {
      const converted = await convertImage({ tree, at, known }, image);
      addTo(blobs, converted);
      const { descriptor } = converted.manifest;
      const config = converted.config.descriptor.digest;
      append(roots, rootsOf(image.RepoTags, { descriptor, config, place }));
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, tree.place(at + image.Config)));
    }
  }
  return { blobs, roots, findings: [...findings, ...newDigests(roots)] };
}

function addTo(blobs: BlobPool, { manifest, config, layers }: ConvertedImage): void {
  blobs.addDocument(manifest);
  blobs.addDocument(config);
  for (const { descriptor, file } of layers) blobs.addFile(descriptor.digest, file);
}

/** One for each tag; an image without a tag is known by its id. */
export function rootsOf(
  tags: DockerImage["RepoTags"],
  { descriptor, config: alias, place }: { descriptor: Descriptor; config: Digest; place: string },
): ForeignRoot[] {
  if (tags === undefined || tags === null || tags.length === 0)
    return [{ descriptor, alias, name: { kind: "none" }, place }];
  return tags.map((tag) => ({ descriptor, alias, name: referenceClaim(tag), place }));
}

function newDigests(roots: readonly ForeignRoot[]): Finding[] {
  return roots.map(({ descriptor, alias = "", name, place }) => {
    const shown = name.kind === "reference" ? formatReference(name.reference) : alias;
    return {
      code: "DIGEST_NEW",
      severity: "info",
      entry: descriptor.digest,
      message: `${shown} gets the new digest ${descriptor.digest}: ${place} does not say which one it had in its registry`,
    };
  });
}
