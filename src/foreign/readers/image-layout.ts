import { BLOBS_DIRECTORY, INDEX_FILE, LAYOUT_FILE } from "../../oci/image-layout.ts";
import { readDockerBeside } from "../docker-beside-layout.ts";
import { directoriesWith, type ForeignReader } from "../foreign-content.ts";
import { readLayout } from "../layout-content.ts";
import { namedRoots } from "../names.ts";

/**
 * Any OCI image layout: of skopeo, crane, oras, regctl, BuildKit, containerd, and what Docker saves
 * since version 25, which is a layout with Docker's own table of contents beside.
 */
export const imageLayout: ForeignReader = {
  detect(tree) {
    const marked = directoriesWith(tree, LAYOUT_FILE);
    const indexed = directoriesWith(tree, INDEX_FILE).filter(
      (at) => tree.below(`${at}${BLOBS_DIRECTORY}/`).length > 0,
    );
    return [...new Set([...marked, ...indexed])];
  },

  async open(tree, at) {
    const { entries, blobs, findings } = await readLayout(tree, at, { marker: "required" });
    const roots = namedRoots(entries, tree.place(at + INDEX_FILE));
    const docker = await readDockerBeside(tree, at, { blobs, roots });
    return {
      form: docker === undefined ? "OCI image layout" : "OCI image layout of docker save",
      blobs,
      roots: [...roots, ...(docker?.names ?? []), ...(docker?.images ?? [])],
      findings: [...findings, ...(docker?.findings ?? [])],
    };
  },
};
