import type { Descriptor } from "../../oci/descriptor.ts";
import { digestOf } from "../../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../oci/json.ts";
import { BlobPool } from "../blob-pool.ts";
import type { FileTree } from "../file-tree.ts";
import { directoriesWith, type ForeignReader, type NameClaim } from "../foreign-content.ts";
import { mediaTypeOf } from "../documents.ts";
import { referenceClaim } from "../names.ts";
import { tryDigest } from "../documents.ts";

const VERSION_FILE = "version";
const VERSION_TEXT = "Directory Transport Version:";
const MAX_VERSION_BYTES = 1024;

/**
 * `dir:` of skopeo: a manifest, and blobs under their digests. `skopeo sync --scoped` names each
 * directory as the image is named; nothing else says it.
 * https://github.com/containers/image/blob/v5.36.0/directory/directory_transport.go
 */
export const skopeoDirectory: ForeignReader = {
  detect: (tree) =>
    directoriesWith(tree, VERSION_FILE).filter((at) => tree.files.has(`${at}manifest.json`)),

  async open(tree, at) {
    const version = await tree.readSmall(at + VERSION_FILE, MAX_VERSION_BYTES);
    if (!version.toString("utf8").startsWith(VERSION_TEXT)) return undefined;
    const path = `${at}manifest.json`;
    const raw = await tree.readSmall(path, MAX_MANIFEST_BYTES);
    const what = JSON.stringify(tree.place(path));
    const mediaType = mediaTypeOf(raw, what);
    const descriptor: Descriptor = { mediaType, digest: digestOf(raw), size: raw.length };
    const blobs = new BlobPool(`directory ${JSON.stringify(tree.place(at) || ".")}`);
    blobs.addDocument({ descriptor, bytes: raw });
    addFiles(tree, at, blobs);
    tree.claim([at + VERSION_FILE, path]);
    const place = tree.place(path);
    const roots = [{ descriptor, name: nameOf(at), place }];
    return { form: "directory of skopeo", blobs, roots, findings: [] };
  },
};

/** `HEX`, `HEX.manifest.json`, or with another algorithm in front. */
const BLOB = /^(?:(\w+)-)?([a-f0-9]{32,})(?:\.manifest\.json)?$/;

function addFiles(tree: FileTree, at: string, blobs: BlobPool): void {
  for (const path of tree.below(at)) {
    const [, algorithm = "sha256", encoded = ""] = BLOB.exec(path.slice(at.length)) ?? [];
    const digest = tryDigest(`${algorithm}:${encoded}`);
    const file = tree.files.get(path);
    if (digest === undefined || file === undefined) continue;
    blobs.addFile(digest, file);
    tree.claim([path]);
  }
}

/** A path from the host on, with a tag, can only have come from `--scoped`. */
const SCOPED = /(?:^|\/)((?:[^/]+\.[^/]+|localhost)\/.+:[^/]+)\/$/;

function nameOf(at: string): NameClaim {
  const scoped = SCOPED.exec(at)?.[1];
  if (scoped !== undefined) return referenceClaim(scoped);
  return { kind: "none", hint: at === "" ? undefined : at.slice(0, -1) };
}
