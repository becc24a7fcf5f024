import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import {
  BLOBS_DIRECTORY,
  INDEX_FILE,
  LAYOUT_FILE,
  MAX_INDEX_BYTES,
  parseIndexFile,
} from "../oci/image-layout.ts";
import { parseJson, withoutBom } from "../oci/json.ts";
import { isManifestType, isSchema1Type } from "../oci/media-type.ts";
import { BlobPool } from "./blob-pool.ts";
import type { FileTree } from "./file-tree.ts";
import { tryDigest } from "./documents.ts";

/** `{"imageLayoutVersion":"1.0.0"}` and whatever else somebody put there. */
const MAX_MARKER_BYTES = 4096;

/** An OCI image layout as it stands in a tree. */
export interface LayoutContent {
  /** Entries of `index.json` that are manifests, with their annotations. */
  readonly entries: readonly Descriptor[];
  readonly blobs: BlobPool;
  readonly findings: readonly Finding[];
}

/**
 * Reads the layout at `at` and claims its files. Some tools leave the marker file out on purpose;
 * where it has to be there, a layout without it has lost more than that on its way.
 */
export async function readLayout(
  tree: FileTree,
  at: string,
  { marker }: { marker: "required" | "optional" },
): Promise<LayoutContent> {
  const blobs = poolOf(tree, at);
  const findings: Finding[] = [];
  const attempt = async <T>(name: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, tree.place(at + name)));
      return undefined;
    }
  };
  const path = at + INDEX_FILE;
  const isMarked = tree.files.has(at + LAYOUT_FILE);
  if (isMarked) await attempt(LAYOUT_FILE, () => checkMarker(tree, at + LAYOUT_FILE));
  else if (marker === "required") findings.push(lost(tree, at, LAYOUT_FILE));
  if (!tree.files.has(path)) findings.push(lost(tree, at, INDEX_FILE));
  tree.claim([at + LAYOUT_FILE, path]);
  const all = tree.files.has(path)
    ? await attempt(INDEX_FILE, async () =>
        parseIndexFile(await tree.readSmall(path, MAX_INDEX_BYTES), tree.place(path)),
      )
    : [];
  const entries = (all ?? []).filter((entry) => isManifestType(entry.mediaType));
  for (const entry of all ?? []) {
    if (!isManifestType(entry.mediaType)) findings.push(unknownType(entry, tree.place(path)));
  }
  return { entries, blobs, findings };
}

/** Every file of `blobs/` whose name is a digest. */
function poolOf(tree: FileTree, at: string): BlobPool {
  const prefix = `${at}${BLOBS_DIRECTORY}/`;
  const pool = new BlobPool(`layout ${JSON.stringify(tree.place(at) || ".")}`);
  for (const path of tree.below(prefix)) {
    const digest = tryDigest(path.slice(prefix.length).replace("/", ":"));
    const file = tree.files.get(path);
    if (digest === undefined || file === undefined) continue;
    pool.addFile(digest, file);
    tree.claim([path]);
  }
  return pool;
}

async function checkMarker(tree: FileTree, path: string): Promise<void> {
  const raw = withoutBom(await tree.readSmall(path, MAX_MARKER_BYTES));
  const marker = parseJson(raw, tree.place(path));
  const isObject = typeof marker === "object" && marker !== null;
  const version: unknown =
    isObject && "imageLayoutVersion" in marker ? marker.imageLayoutVersion : undefined;
  if (version === "1.0.0") return;
  throw new DrayError(
    "DRAY_LAYOUT_INVALID",
    `Cannot read ${JSON.stringify(tree.place(path))}: expected imageLayoutVersion 1.0.0, found ${JSON.stringify(version) ?? "none"}`,
    { kind: "refused" },
  );
}

function lost(tree: FileTree, at: string, name: string): Finding {
  const place = tree.place(at + name);
  return {
    code: name === INDEX_FILE ? "LAYOUT_INDEX_MISSING" : "LAYOUT_MARKER_MISSING",
    severity: "error",
    entry: place,
    message: `${place} is missing: was the layout unpacked with --strip-components, or copied without its top-level files?`,
    hint:
      name === INDEX_FILE
        ? "Copy or unpack the whole layout again."
        : `Unpack it again; or put it back: echo '{"imageLayoutVersion":"1.0.0"}' > ${LAYOUT_FILE}`,
  };
}

/**
 * The specification wants it taken as it is; a registry takes no such thing. An image of Docker's
 * first kind is an image all the same.
 */
function unknownType({ digest, mediaType }: Descriptor, place: string): Finding {
  const isImage = isSchema1Type(mediaType);
  const kind = isImage ? "a Docker schema 1 image" : "no image manifest or index";
  return {
    code: "ROOT_UNSUPPORTED",
    severity: isImage ? "error" : "warning",
    entry: digest,
    message: `${place} names ${digest} of type ${mediaType}, which is ${kind}: it ${isImage ? "cannot travel" : "is left out"}`,
  };
}
