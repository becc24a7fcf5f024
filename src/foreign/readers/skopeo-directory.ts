import type { Descriptor } from "../../oci/descriptor.ts";
import { DrayError } from "../../errors.ts";
import { digestOf } from "../../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../oci/json.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { BlobPool } from "../blob-pool.ts";
import type { FileTree } from "../file-tree.ts";
import { directoriesWith, type ForeignReader, type NameClaim } from "../foreign-content.ts";
import { mediaTypeOf, tryDigest } from "../documents.ts";
import { referenceClaim } from "../names.ts";

const MANIFEST_FILE = "manifest.json";
const VERSION_FILE = "version";
const VERSION_TEXT = "Directory Transport Version:";
const MAX_VERSION_BYTES = 1024;

/**
 * `dir:` of skopeo: a manifest, and blobs under their digests. `skopeo sync --scoped` names each
 * directory as the image is named; nothing else says it.
 * https://github.com/containers/image/blob/v5.36.0/directory/directory_transport.go
 */
export const skopeoDirectory: ForeignReader = {
  detect: (tree) => directoriesWith(tree, MANIFEST_FILE),

  async open(tree, at) {
    const path = at + MANIFEST_FILE;
    const isMarked = await hasVersion(tree, at);
    if (!isMarked && !holdsBlobs(tree, at)) return undefined;
    if (!isMarked && !(await isManifest(tree, path))) return undefined;
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

async function hasVersion(tree: FileTree, at: string): Promise<boolean> {
  if (!tree.files.has(at + VERSION_FILE)) return false;
  const version = await tree.readSmall(at + VERSION_FILE, MAX_VERSION_BYTES);
  return version.toString("utf8").startsWith(VERSION_TEXT);
}

function holdsBlobs(tree: FileTree, at: string): boolean {
  return tree.below(at).some((path) => BLOB.test(path.slice(at.length)));
}

/** Many things are called `manifest.json`: without its marker, this one has to be one. */
async function isManifest(tree: FileTree, path: string): Promise<boolean> {
  if (tree.follow(path).size > MAX_MANIFEST_BYTES) return false;
  const raw = await tree.readSmall(path, MAX_MANIFEST_BYTES);
  const what = tree.place(path);
  try {
    parseManifest(raw, { mediaType: mediaTypeOf(raw, what), what });
    return true;
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  }
}

/**
 * `HEX`, `HEX.manifest.json`, or with another algorithm in front. Before there was a version, layers
 * had an ending.
 */
const BLOB = /^(?:(\w+)-)?([a-f0-9]{32,})(?:\.manifest\.json|\.tar)?$/;

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
