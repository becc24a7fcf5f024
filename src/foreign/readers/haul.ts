import type { Descriptor } from "../../oci/descriptor.ts";
import {
  BLOBS_DIRECTORY,
  INDEX_FILE,
  MAX_INDEX_BYTES,
  parseIndexFile,
} from "../../oci/image-layout.ts";
import { parseJson } from "../../oci/json.ts";
import { z } from "../../oci/schema.ts";
import { DrayError } from "../../errors.ts";
import { readDockerBeside } from "../docker-beside-layout.ts";
import type { FileTree } from "../file-tree.ts";
import { directoriesWith, type ForeignReader } from "../foreign-content.ts";
import { readLayout } from "../layout-content.ts";
import { namedRoots } from "../names.ts";

/** What Hauler says of its store since version 1.3; not all that it has released write it. */
const STORE_FILE = "store.json";
const MAX_STORE_BYTES = 64 * 1024;

const schema = z.object({ "store-id": z.string() });

/**
 * The store of Hauler: an OCI layout whose entries say what they are. What 2.0 saves has neither the
 * marker of a layout, which containerd would trip over, nor a description of the store.
 * https://github.com/hauler-dev/hauler/blob/v2.0.3/cmd/hauler/cli/store/save.go
 */
export const haul: ForeignReader = {
  detect: (tree) =>
    directoriesWith(tree, INDEX_FILE).filter(
      (at) => tree.files.has(at + STORE_FILE) || tree.below(`${at}${BLOBS_DIRECTORY}/`).length > 0,
    ),

  async open(tree, at) {
    if (!((await hasStore(tree, at)) || (await saysHauler(tree, at)))) return undefined;
    const { entries, blobs, findings } = await readLayout(tree, at, { marker: "optional" });
    tree.claim([at + STORE_FILE, `${at}audit.log`]);
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

async function hasStore(tree: FileTree, at: string): Promise<boolean> {
  const path = at + STORE_FILE;
  if (!tree.files.has(path)) return false;
  const raw = await tree.readSmall(path, MAX_STORE_BYTES);
  return schema.safeParse(parseJson(raw, JSON.stringify(tree.place(path)))).success;
}

/** True if an entry of the index says of what kind Hauler takes it to be. */
async function saysHauler(tree: FileTree, at: string): Promise<boolean> {
  return (await entriesAt(tree, at + INDEX_FILE)).some(
    ({ annotations }) => annotations?.["kind"]?.startsWith("dev.hauler/") === true,
  );
}

/** An index that cannot be read is left to the reader of layouts. */
async function entriesAt(tree: FileTree, path: string): Promise<readonly Descriptor[]> {
  try {
    return parseIndexFile(await tree.readSmall(path, MAX_INDEX_BYTES), tree.place(path));
  } catch (error) {
    if (error instanceof DrayError) return [];
    throw error;
  }
}
