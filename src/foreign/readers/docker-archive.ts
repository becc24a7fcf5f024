import type { Finding } from "../../finding.ts";
import { convertImages } from "../docker-images.ts";
import { DOCKER_MANIFEST, readDockerManifest, type DockerImage } from "../docker-manifest.ts";
import type { FileTree } from "../file-tree.ts";
import { directoriesWith, type ForeignReader } from "../foreign-content.ts";

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
    claimFiles(tree, at, images);
    const { blobs, roots, findings } = await convertImages(tree, at, images);
    const nothing = images.length === 0 ? [empty(tree.place(at + DOCKER_MANIFEST))] : [];
    return { form: "docker save (classic)", blobs, roots, findings: [...findings, ...nothing] };
  },
};

/** What stands beside in an older format: `ID/json`, `ID/VERSION`, and `ID/layer.tar` as a link. */
const LEGACY = /^[a-f0-9]{64}\/(?:json|VERSION|layer\.tar)$/;

/** @throws DrayError `DRAY_LINK_REFUSED` */
function claimFiles(tree: FileTree, at: string, images: readonly DockerImage[]): void {
  const named = images.flatMap(({ Config, Layers }) => [Config, ...(Layers ?? [])]);
  const legacy = tree.below(at).filter((path) => LEGACY.test(path.slice(at.length)));
  for (const path of legacy) tree.follow(path);
  tree.claim([...named.map((path) => at + path), ...legacy]);
}

function empty(place: string): Finding {
  return {
    code: "DOCKER_MANIFEST_EMPTY",
    severity: "error",
    entry: place,
    message: `${place} names no image`,
  };
}
