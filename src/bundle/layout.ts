import { readGraph, type GraphSource, type LayoutGraph } from "../content/graph.ts";
import type { Finding } from "../finding.ts";
import {
  blobPath,
  INDEX_FILE,
  LAYOUT_FILE,
  MAX_INDEX_BYTES,
  parseIndexFile,
} from "../oci/image-layout.ts";
import { parseJson } from "../oci/json.ts";
import type { BundleView } from "./view.ts";

/** `{"imageLayoutVersion":"1.0.0"}` and whatever else somebody put there. */
const MAX_MARKER_BYTES = 4096;

/** Follows all that `index.json` names. @throws DrayError for an index that cannot be read */
export async function readLayout(view: BundleView, source: GraphSource): Promise<LayoutGraph> {
  const index = await view.readSmall(INDEX_FILE, MAX_INDEX_BYTES);
  return readGraph(source, parseIndexFile(index, INDEX_FILE));
}

/** Behind the head, the list has to do: what it names counts as there. */
export function headSource(view: BundleView): GraphSource {
  return {
    read: (descriptor) => view.read(descriptor),
    sizeOf: (descriptor) =>
      view.sizeOf(descriptor) ??
      (view.sums?.has(blobPath(descriptor.digest)) === true ? descriptor.size : undefined),
  };
}

/** `oci-layout` says version 1.0.0, and every blob stands under the name of its own digest. */
export async function checkLayoutFiles(view: BundleView): Promise<Finding[]> {
  return [...(await checkMarker(view)), ...checkBlobNames(view)];
}

async function checkMarker(view: BundleView): Promise<Finding[]> {
  const marker = parseJson(await view.readSmall(LAYOUT_FILE, MAX_MARKER_BYTES), LAYOUT_FILE);
  const isObject = typeof marker === "object" && marker !== null;
  const version: unknown =
    isObject && "imageLayoutVersion" in marker ? marker.imageLayoutVersion : undefined;
  if (version === "1.0.0") return [];
  return [
    {
      code: "LAYOUT_INVALID",
      severity: "error",
      entry: LAYOUT_FILE,
      message: `${LAYOUT_FILE}: expected imageLayoutVersion 1.0.0, found ${JSON.stringify(version) ?? "none"}`,
    },
  ];
}

function checkBlobNames(view: BundleView): Finding[] {
  const findings: Finding[] = [];
  for (const [path, entry] of view.entries) {
    const [, algorithm, encoded] = /^blobs\/([^/]+)\/(.*)$/.exec(path) ?? [];
    if (algorithm === undefined || encoded === undefined) continue;
    if (algorithm !== "sha256" && algorithm !== "sha512") {
      const message = `${path}: digest algorithm ${algorithm} cannot be verified`;
      findings.push({ code: "BLOB_UNSUPPORTED", severity: "error", entry: path, message });
      continue;
    }
    const found = algorithm === "sha512" ? entry.sha512 : (entry.sha256 ?? view.sums?.get(path));
    if (found === undefined || found === encoded) continue;
    const message = `${path}: its content has the digest ${algorithm}:${found}`;
    findings.push({ code: "BLOB_DIGEST", severity: "error", entry: path, message });
  }
  return findings;
}
