import { encodedOf } from "../oci/digest.ts";
import {
  Annotation,
  blobPath,
  BLOBS_DIRECTORY,
  INDEX_FILE,
  LAYOUT_FILE,
} from "../oci/image-layout.ts";
import { isImageConfigType, MediaType } from "../oci/media-type.ts";
import type { Finding } from "../finding.ts";
import type { LayoutGraph, Root } from "../content/graph.ts";
import { append } from "../content/append.ts";
import {
  FILES_DIRECTORY,
  CONTENTS_FILE,
  isTool,
  README_FILE,
  UNLISTED,
  type BundleArtifact,
  type ContentsDocument,
  type ListedFile,
} from "./format.ts";
import { chartPath, provenancePath, referrerOf } from "./artifact.ts";
import type { BundleView } from "./view.ts";

/** `bundle.json` and the layout say the same, and nothing is there that neither names. */
export function checkAgreement(
  contents: ContentsDocument,
  graph: LayoutGraph,
  { view, isWhole }: { view: BundleView; isWhole: boolean },
): Finding[] {
  const roots = new Map<string, Root>();
  const findings: Finding[] = [];
  for (const root of graph.roots) {
    const name = root.name ?? root.descriptor.digest;
    append(findings, checkRootName(root, name, roots));
    roots.set(name, root);
  }
  for (const artifact of contents.artifacts) {
    const root = roots.get(artifact.reference);
    roots.delete(artifact.reference);
    append(findings, checkArtifact(artifact, root, view));
  }
  if (contents.artifacts.length + contents.files.length === 0) findings.push(nothingInside());
  for (const name of roots.keys()) {
    findings.push(
      error(
        "BUNDLE_MISMATCH",
        CONTENTS_FILE,
        `${INDEX_FILE} names ${name}, ${CONTENTS_FILE} does not`,
      ),
    );
  }
  return [...findings, ...checkPlacement(contents, graph, { view, isWhole })];
}

/** What has nothing in it must not pass for something that is whole. */
function nothingInside(): Finding {
  return {
    code: "BUNDLE_EMPTY",
    severity: "error",
    entry: CONTENTS_FILE,
    message: `${CONTENTS_FILE} lists no artifact and no file`,
    hint: "Pack it again.",
  };
}

/** Each root has one name, under which every reader finds it, and which no other root has. */
function checkRootName(root: Root, name: string, others: ReadonlyMap<string, Root>): Finding[] {
  if (others.has(name)) {
    return [error("BUNDLE_MISMATCH", INDEX_FILE, `it names ${name} twice`)];
  }
  const refName = root.descriptor.annotations?.[Annotation.refName];
  if (refName === name) return [];
  const found = refName === undefined ? "has no name for some readers" : `is ${refName} to others`;
  return [error("BUNDLE_MISMATCH", INDEX_FILE, `${name} ${found}`)];
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
      CONTENTS_FILE,
      `${reference}: ${CONTENTS_FILE} says ${wanted}, the layout has ${found}`,
    );
  if (root === undefined) return [mismatch(artifact.digest, "no usable entry of that name")];
  const { digest, mediaType, size, platforms = [], kind, file } = artifact;
  const compared: (readonly [string, string])[] = [
    [digest, root.descriptor.digest],
    [mediaType, root.descriptor.mediaType],
    [`${size} bytes`, `${root.size} bytes`],
    [platforms.join(","), root.platforms.join(",")],
    ...(kind === "chart" ? asChart(artifact, root) : asOther(artifact, root)),
  ];
  return [
    ...compared.flatMap(([wanted, found]) => (wanted === found ? [] : [mismatch(wanted, found)])),
    ...(file === undefined ? [] : checkChartFile(file, root, view)),
  ];
}

type Compared = readonly (readonly [wanted: string, found: string])[];

function asChart({ file, name = "", version = "" }: BundleArtifact, root: Root): Compared {
  return [
    ["chart", oneOf("chart", kindsOf(root))],
    [file ?? "no file", chartPath({ name, version })],
  ];
}

function asOther(artifact: BundleArtifact, root: Root): Compared {
  const referrer = referrerOf({ ...artifact, root });
  const { kind, subject = "no subject", artifactType = "no type" } = artifact;
  return [
    [kind, oneOf(kind, referrer === undefined ? kindsOf(root) : ["referrer"])],
    [subject, referrer?.subject ?? "no subject"],
    [artifactType, referrer?.artifactType ?? "no type"],
  ];
}

function oneOf(kind: string, kinds: readonly string[]): string {
  return kinds.includes(kind) ? kind : kinds.join(" or ");
}

/** What a root may be called; a chart that was packed like an image is an artifact. */
function kindsOf({ manifest }: Root): readonly string[] {
  if (manifest.kind === "index" || isImageConfigType(manifest.config.mediaType)) return ["image"];
  return manifest.config.mediaType === MediaType.helmConfig ? ["chart", "artifact"] : ["artifact"];
}

/** The chart as a plain file is the chart layer of its manifest, byte for byte. */
function checkChartFile(file: string, root: Root, view: BundleView): Finding[] {
  const layers = root.manifest.kind === "manifest" ? root.manifest.layers : [];
  const findings: Finding[] = [];
  for (const [path, types] of [
    [file, [MediaType.helmChart, MediaType.helmChartLegacy]],
    [provenancePath(file), [MediaType.helmProvenance]],
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

/** Every entry has a place in the format, and every file that is promised is there. */
function checkPlacement(
  contents: ContentsDocument,
  graph: LayoutGraph,
  { view, isWhole }: { view: BundleView; isWhole: boolean },
): Finding[] {
  const known = new Set([...UNLISTED, README_FILE, CONTENTS_FILE, LAYOUT_FILE, INDEX_FILE]);
  for (const { file } of contents.artifacts) {
    if (file !== undefined) known.add(file).add(provenancePath(file));
  }
  for (const { path } of contents.files) known.add(path);
  for (const digest of graph.reachable.keys()) known.add(blobPath(digest));
  // What the list does not name either is said already, as something that was added.
  const unplaced = [...view.entries.keys()].filter(
    (path) => !known.has(path) && view.sums?.has(path) !== false,
  );
  return [
    ...contents.files.flatMap((file) => checkFile(file, view, isWhole)),
    ...unplaced.map((path) =>
      path.startsWith(`${BLOBS_DIRECTORY}/`)
        ? error("BLOB_UNREFERENCED", path, "nothing in the layout needs it")
        : unknownEntry(path),
    ),
  ];
}

/** What it means nobody here knows, so that nothing of it may be skipped. */
function unknownEntry(path: string): Finding {
  const message = "made by a newer dray, or by hand: an entry of this name is not known here";
  return {
    ...error("ENTRY_UNEXPECTED", path, message),
    hint: "Update dray on this side, or pack the bundle again.",
  };
}

function checkFile(listed: ListedFile, view: BundleView, isWhole: boolean): Finding[] {
  const { path, size, platform } = listed;
  // Behind the head, the list has to do.
  const isBehind = !isWhole && view.sums?.has(path) === true;
  const found = view.entries.get(path)?.size ?? (isBehind ? size : undefined);
  const isPlain = path.startsWith(`${FILES_DIRECTORY}/`) && platform === undefined;
  if ((isPlain || isTool(path)) && found === size) return [];
  const message = `${CONTENTS_FILE} says ${size} bytes, found ${found ?? "nothing"}`;
  return [error("BUNDLE_MISMATCH", path, message)];
}

type Disagreement = "BUNDLE_MISMATCH" | "BLOB_UNREFERENCED" | "ENTRY_UNEXPECTED";

function error(code: Disagreement, entry: string, message: string): Finding {
  return { code, severity: "error", entry, message: `${entry}: ${message}` };
}
