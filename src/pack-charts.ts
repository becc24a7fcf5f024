import { readFile, stat } from "node:fs/promises";
import type { PlainFile } from "./bundle/contents.ts";
import { CHARTS_DIRECTORY, type BundleArtifact } from "./bundle/format.ts";
import { readGraph, type Root } from "./content/graph.ts";
import { MAX_CHART_BYTES, readChartArchive } from "./chart/chart-archive.ts";
import { chartTag, type ChartMetadata } from "./chart/chart-yaml.ts";
import { chartLayers, isChart, toOciChart, type OciChart } from "./chart/oci-chart.ts";
import { contentOf } from "./content/memory.ts";
import type { Source } from "./content/content.ts";
import { readVerified } from "./content/verify.ts";
import { DrayError, systemCode } from "./errors.ts";
import type { ImageLayout } from "./layout/layout.ts";
import type { Descriptor } from "./oci/descriptor.ts";
import type { Digest } from "./oci/digest.ts";
import { Annotation } from "./oci/image-layout.ts";
import type { Resolved } from "./resolve.ts";

/** A chart on its way into a bundle, as OCI artifact and as plain file. */
export interface PackedChart {
  readonly reference: string;
  readonly metadata: ChartMetadata;
  /** The chart layer and, where there is one, its provenance. */
  readonly chart: Descriptor;
  readonly provenance: Descriptor | undefined;
}

/** A chart from a file, read and turned into an artifact; nothing is written yet. */
export interface LocalChart extends PackedChart {
  readonly path: string;
  readonly oci: OciChart;
}

/** Reads a packed chart and the `.prov` beside it. @throws DrayError `DRAY_CHART_INVALID` */
export async function readLocalChart(path: string, created: Date): Promise<LocalChart> {
  const tgz = await readChartFile(path);
  const { metadata } = await readChartArchive(tgz, JSON.stringify(path));
  const provenance = await readProvenance(`${path}.prov`);
  const oci = toOciChart(metadata, { tgz, provenance, created });
  const find = (bytes: Buffer | undefined): Descriptor | undefined =>
    oci.blobs.find((blob) => blob.bytes === bytes)?.descriptor;
  const chart = find(tgz);
  if (chart === undefined) throw new Error("a chart has a chart layer");
  // Charts that come from a file have no registry; this name stands in for one.
  const reference = `${CHARTS_DIRECTORY}/${metadata.name}:${chartTag(metadata.version)}`;
  return { path, reference, metadata, chart, provenance: find(provenance), oci };
}

/** What a local chart's artifact needs. */
export async function localChartRoot({
  oci,
  reference,
}: LocalChart): Promise<{ root: Root; metadata: ReadonlySet<Digest> }> {
  const documents = new Map(
    [oci.manifest, ...oci.blobs].map((blob) => [blob.descriptor.digest, blob.bytes]),
  );
  const named = { ...oci.manifest.descriptor, annotations: { [Annotation.refName]: reference } };
  const { roots, metadata } = await readGraph(
    {
      sizeOf: ({ digest }) => documents.get(digest)?.length,
      read: async ({ digest }) => documents.get(digest) ?? Buffer.alloc(0),
    },
    [named],
  );
  const [root] = roots;
  if (root === undefined) throw new Error("a chart that was made here can be read");
  return { root, metadata };
}

/** All that a local chart's artifact consists of. */
export function blobsOfChart({ oci }: LocalChart): readonly Descriptor[] {
  return [...oci.blobs, oci.manifest].map(({ descriptor }) => descriptor);
}

/** Puts a local chart's blobs into the store, so that everything is packed from one place. */
export async function storeLocalChart(
  { oci, path }: LocalChart,
  store: ImageLayout,
): Promise<void> {
  for (const { descriptor, bytes } of [...oci.blobs, oci.manifest]) {
    if (!(await store.exists(descriptor))) await store.push(descriptor, contentOf(bytes, path));
  }
}

/**
 * Looks into a chart that came from a registry: name and version come from its Chart.yaml, not from
 * the reference.
 */
export async function describePulledChart(
  { name, root }: Resolved,
  source: Source,
): Promise<PackedChart> {
  const { manifest } = root;
  const layers =
    manifest.kind === "manifest" && isChart(manifest) ? chartLayers(manifest) : undefined;
  if (layers?.chart === undefined) {
    throw new DrayError("DRAY_CHART_INVALID", `Cannot pack ${name}: it is no Helm chart`, {
      kind: "refused",
      hint: "Images and other artifacts go under images.",
    });
  }
  const tgz = await readVerified(source, layers.chart, { maxBytes: MAX_CHART_BYTES });
  const { metadata } = await readChartArchive(tgz, name);
  return { reference: name, metadata, chart: layers.chart, provenance: layers.provenance };
}

/** The chart as the plain files that Helm knows. */
export function chartFiles(
  { metadata, chart, provenance }: PackedChart,
  source: Source,
): PlainFile[] {
  const path = chartPath(metadata);
  const files: PlainFile[] = [{ path, descriptor: chart, source }];
  if (provenance !== undefined) {
    files.push({ path: `${path}.prov`, descriptor: provenance, source });
  }
  return files;
}

export function chartArtifact({ metadata }: PackedChart): Partial<BundleArtifact> {
  const { name, version, appVersion } = metadata;
  return {
    kind: "chart",
    name,
    version,
    ...(appVersion ? { appVersion } : {}),
    file: chartPath(metadata),
  };
}

function chartPath({ name, version }: ChartMetadata): string {
  return `${CHARTS_DIRECTORY}/${name}-${version}.tgz`;
}

async function readChartFile(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_CHART_BYTES) return await readFile(path);
    throw new DrayError(
      "DRAY_CHART_INVALID",
      `Cannot read chart ${JSON.stringify(path)}: expected at most ${MAX_CHART_BYTES} bytes, found ${size}`,
    );
  } catch (cause) {
    const code = systemCode(cause);
    if (code !== "ENOENT" && code !== "EISDIR") throw cause;
    throw new DrayError(
      "DRAY_FILE_NOT_FOUND",
      `Cannot read chart ${JSON.stringify(path)}: expected a packed chart, found ${code === "ENOENT" ? "nothing" : "a directory"}`,
      {
        kind: "usage",
        cause,
      },
    );
  }
}

async function readProvenance(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
