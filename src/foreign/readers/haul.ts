import { INDEX_FILE } from "../../oci/image-layout.ts";
import { parseJson } from "../../oci/json.ts";
import { z } from "../../oci/schema.ts";
import { readDockerBeside } from "../docker-beside-layout.ts";
import { directoriesWith, type ForeignReader } from "../foreign-content.ts";
import { readLayout } from "../layout-content.ts";
import { namedRoots } from "../names.ts";

/** What Hauler says of its store. */
const STORE_FILE = "store.json";
const MAX_STORE_BYTES = 64 * 1024;

const schema = z.object({ "store-id": z.string() });

/**
 * The store of Hauler: an OCI layout whose entries say what they are. For containerd it is saved
 * without the marker of a layout.
 * https://github.com/hauler-dev/hauler/blob/v1.3.0/pkg/store/store.go
 */
export const haul: ForeignReader = {
  detect: (tree) =>
    directoriesWith(tree, STORE_FILE).filter((at) => tree.files.has(at + INDEX_FILE)),

  async open(tree, at) {
    const path = at + STORE_FILE;
    const raw = await tree.readSmall(path, MAX_STORE_BYTES);
    if (!schema.safeParse(parseJson(raw, JSON.stringify(tree.place(path)))).success) {
      return undefined;
    }
    const { entries, blobs, findings } = await readLayout(tree, at, { marker: "optional" });
    tree.claim([path, `${at}audit.log`]);
    const roots = namedRoots(entries, tree.place(at + INDEX_FILE));
    // Where an image had no tag, Hauler has made one up for Docker: names come from the index alone.
    const docker = await readDockerBeside(tree, at, { blobs, roots });
    return {
      form: "Hauler haul",
      blobs,
      roots: [...roots, ...(docker?.images ?? [])],
      findings: [...findings, ...(docker?.findings ?? [])],
    };
  },
};
