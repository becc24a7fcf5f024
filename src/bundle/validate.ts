import { encodedOf } from "../oci/digest.ts";
import { blobPath, BLOBS_DIRECTORY, INDEX_FILE, LAYOUT_FILE } from "../oci/image-layout.ts";
import { MediaType } from "../oci/media-type.ts";
import type { Entry } from "../archive/scan.ts";
import type { Finding } from "../finding.ts";
import {
  FILES_DIRECTORY,
  MANIFEST_FILE,
  README_FILE,
  SIGNATURE_FILE,
  SIGSTORE_FILE,
  SUMS_FILE,
  type BundleArtifact,
  type BundleManifest,
} from "./format.ts";
import type { LayoutGraph, Root } from "./graph.ts";
import type { Sums } from "./sums.ts";
import type { BundleView } from "./view.ts";

/** What the list of sums does not cover: itself and its own signatures. */
const UNLISTED: ReadonlySet<string> = new Set([SUMS_FILE, SIGSTORE_FILE, SIGNATURE_FILE]);

/**
 * The list against the entries: none missing, none extra, none altered. `complete` is false when
 * the carrier broke off, and then what is missing is not news.
 */
export function checkSums(
  sums: Sums,
  entries: ReadonlyMap<string, Entry>,
  { complete }: { complete: boolean },
): Finding[] {
  const findings: Finding[] = [];
  for (const [path, sum] of sums) {
    const entry = entries.get(path);
    if (entry === undefined) {
      if (complete) findings.push(missing(path));
    } else if (entry.sha256 !== undefined && entry.sha256 !== sum) {
      findings.push(altered(path, sum, entry.sha256));
    }
  }
  for (const path of entries.keys()) {
    if (!sums.has(path) && !UNLISTED.has(path)) findings.push(extra(path));
  }
  return findings;
}

function missing(path: string): Finding {
  const hint =
    path === INDEX_FILE || path === LAYOUT_FILE
      ? "Was this unpacked with --strip-components, or copied without its top-level files?"
      : "The copy is incomplete. Copy it again.";
  return {
    code: "ENTRY_MISSING",
    severity: "error",
    entry: path,
    message: `${path} is missing`,
    hint,
  };
}

function altered(path: string, wanted: string, found: string): Finding {
  return {
    code: "ENTRY_ALTERED",
    severity: "error",
    entry: path,
    message: `${path} was changed: its content is not what ${SUMS_FILE} says`,
    wanted: `sha256:${wanted}`,
    found: `sha256:${found}`,
    hint: "Copy the bundle again from where it was made.",
  };
}

function extra(path: string): Finding {
  return {
    code: "ENTRY_EXTRA",
    severity: "error",
    entry: path,
    message: `${path} is not in ${SUMS_FILE}: it was added after the bundle was made`,
    hint: "Find out who added it. Nothing of it was used.",
  };
}

/** `bundle.json` and the layout say the same, and nothing is there that neither names. */
export function checkAgreement(
  manifest: BundleManifest,
  graph: LayoutGraph,
  view: BundleView,
): Finding[] {
  const roots = new Map(graph.roots.map((root) => [root.name ?? root.descriptor.digest, root]));
  const findings: Finding[] = [];
  for (const artifact of manifest.artifacts) {
    const root = roots.get(artifact.reference);
    roots.delete(artifact.reference);
    findings.push(...checkArtifact(artifact, root, view));
  }
  for (const name of roots.keys()) {
    findings.push(
      error(
        "BUNDLE_MISMATCH",
        MANIFEST_FILE,
        `${INDEX_FILE} names ${name}, ${MANIFEST_FILE} does not`,
      ),
    );
  }
  return [...findings, ...checkPlacement(manifest, graph, view)];
}

function checkArtifact(
  artifact: BundleArtifact,
  root: Root | undefined,
  view: BundleView,
): Finding[] {
  const { reference } = artifact;
  const mismatch = (wanted: string, found: string): Finding =>
    error(
      "BUNDLE_MISMATCH",
      MANIFEST_FILE,
      `${reference}: ${MANIFEST_FILE} says ${wanted}, the layout has ${found}`,
    );
  if (root === undefined) return [mismatch(artifact.digest, "no usable entry of that name")];
  const findings: Finding[] = [];
  const compare = (wanted: string, found: string): void => {
    if (wanted !== found) findings.push(mismatch(wanted, found));
  };
  compare(artifact.digest, root.descriptor.digest);
  compare(artifact.mediaType, root.descriptor.mediaType);
  compare(`${artifact.size} bytes`, `${root.size} bytes`);
  compare((artifact.platforms ?? []).join(","), root.platforms.join(","));
  if (artifact.file !== undefined) findings.push(...checkChartFile(artifact.file, root, view));
  return findings;
}

/** The chart as a plain file is the chart layer of its manifest, byte for byte. */
function checkChartFile(file: string, root: Root, view: BundleView): Finding[] {
  const layers = root.manifest.kind === "manifest" ? root.manifest.layers : [];
  const findings: Finding[] = [];
  for (const [path, types] of [
    [file, [MediaType.helmChart, MediaType.helmChartLegacy]],
    [`${file}.prov`, [MediaType.helmProvenance]],
  ] as const) {
    const layer = layers.find(({ mediaType }) => types.some((type) => type === mediaType));
    const sum = view.entries.get(path)?.sha256 ?? view.sums?.get(path);
    if (layer === undefined && sum === undefined && path !== file) continue;
    if (layer !== undefined && sum === encodedOf(layer.digest)) continue;
    findings.push(
      error("BUNDLE_MISMATCH", path, `it is not the chart that ${root.name ?? ""} carries`),
    );
  }
  return findings;
}

/** Every entry has a place in the format. */
function checkPlacement(manifest: BundleManifest, graph: LayoutGraph, view: BundleView): Finding[] {
  const known = new Set([...UNLISTED, README_FILE, MANIFEST_FILE, LAYOUT_FILE, INDEX_FILE]);
  for (const { file } of manifest.artifacts) {
    if (file !== undefined) known.add(file).add(`${file}.prov`);
  }
  const findings: Finding[] = [];
  for (const { path, size } of manifest.files) {
    const found = view.entries.get(path)?.size;
    known.add(path);
    if (path.startsWith(`${FILES_DIRECTORY}/`) && found === size) continue;
    findings.push(
      error(
        "BUNDLE_MISMATCH",
        path,
        `${MANIFEST_FILE} says ${size} bytes, found ${found ?? "nothing"}`,
      ),
    );
  }
  const blobs = new Set([...graph.reachable.keys()].map(blobPath));
  for (const path of view.entries.keys()) {
    if (known.has(path) || blobs.has(path)) continue;
    const unreachable = path.startsWith(`${BLOBS_DIRECTORY}/`);
    findings.push(
      unreachable
        ? error("BLOB_UNREFERENCED", path, "nothing in the layout needs it")
        : error("ENTRY_UNEXPECTED", path, "it has no place in a bundle"),
    );
  }
  return findings;
}

function error(code: string, entry: string, message: string): Finding {
  return { code, severity: "error", entry, message: `${entry}: ${message}` };
}
