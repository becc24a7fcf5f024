import { chartTag, type ChartMetadata } from "../chart/chart-yaml.ts";
import type { Source } from "../content/content.ts";
import type { Root } from "../content/graph.ts";
import { authored } from "../content/memory.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { isImageConfigType, MediaType } from "../oci/media-type.ts";
import { referrerIn, type Referrer } from "../oci/referrer.ts";
import { CHARTS_DIRECTORY, type ArtifactKind } from "./format.ts";

/** A named thing to be packed, with the source that its content comes from. */
export interface Artifact {
  /** Its full reference. */
  readonly reference: string;
  readonly root: Root;
  /** Blobs that describe rather than carry: they stand first in a bundle. */
  readonly metadata: ReadonlySet<Digest>;
  readonly source: Source;
  /** What it is about, where that stands neither in its manifest nor in its tag. */
  readonly subject?: Digest | undefined;
  /** What a bundle has of a Helm chart beside its graph; undefined for everything else. */
  readonly chart?: ArtifactChart | undefined;
}

export interface ArtifactChart {
  readonly metadata: ChartMetadata;
  /** The chart and, where it has one, its provenance, as the plain files that Helm knows. */
  readonly files: readonly BundleFile[];
  /** Images that it pulls with the values that it is packed with; undefined where nobody has looked. */
  readonly images?: readonly string[] | undefined;
}

/** A file of the bundle whose size and digest are known before it is read. */
export interface BundleFile {
  /** `charts/…`, `files/…`, `tools/…` or `blobs/…`. */
  readonly path: string;
  /** Of an executable: what it runs on, if not on everything. */
  readonly platform?: string | undefined;
  readonly descriptor: Descriptor;
  readonly source: Source;
}

/** What it is about, and what it calls itself; undefined for what stands for itself. */
export function referrerOf({
  root: { manifest, platforms },
  reference,
  subject: told,
}: Pick<Artifact, "root" | "reference" | "subject">): Referrer | undefined {
  const tag = TAG.exec(reference)?.[1];
  return referrerIn(manifest, { tag, platforms, told });
}

/** Of a full reference, which may be no reference at all where others have packed. */
const TAG = /:(\w[\w.-]*)$/;

export function kindOf(artifact: Artifact): ArtifactKind {
  const { root, chart } = artifact;
  const { manifest } = root;
  if (chart !== undefined) return "chart";
  if (referrerOf(artifact) !== undefined) return "referrer";
  if (manifest.kind === "index") return "image";
  return isImageConfigType(manifest.config.mediaType) ? "image" : "artifact";
}

/** A chart with its plain files; `source` has the content of both. */
export function artifactChart(
  metadata: ChartMetadata,
  { tgz, provenance }: { tgz: Buffer; provenance: Buffer | undefined },
  source: Source,
): ArtifactChart {
  const path = chartPath(metadata);
  const { descriptor } = authored(MediaType.helmChart, tgz);
  const files: BundleFile[] = [{ path, descriptor, source }];
  if (provenance !== undefined) {
    const { descriptor: signed } = authored(MediaType.helmProvenance, provenance);
    files.push({ path: provenancePath(path), descriptor: signed, source });
  }
  return { metadata, files };
}

/** The name of a chart that does not come from a registry, which would have given it one. */
export function chartReference({ name, version }: { name: string; version: string }): string {
  return `${CHARTS_DIRECTORY}/${name}:${chartTag(version)}`;
}

export function chartPath({ name, version }: { name: string; version: string }): string {
  return `${CHARTS_DIRECTORY}/${name}-${version}.tgz`;
}

/** Where the provenance of a chart lies: beside it. */
export function provenancePath(chart: string): string {
  return `${chart}.prov`;
}
