import {
  artifactChart,
  chartReference,
  type Artifact,
  type ArtifactChart,
} from "../bundle/artifact.ts";
import { MAX_CHART_BYTES, readChartArchive } from "../chart/chart-archive.ts";
import { chartLayers, isChart, toOciChart } from "../chart/oci-chart.ts";
import { readVerified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import type { NamedRoot } from "./adopt-names.ts";
import type { BlobPool } from "./blob-pool.ts";
import { readWhole } from "./file-tree.ts";
import type { ForeignChart } from "./foreign-content.ts";

/**
 * Makes artifacts of charts that lie beside images as files. What travels as an artifact anyway is
 * not made again.
 */
export async function adoptCharts(
  charts: readonly ForeignChart[],
  { blobs, created }: { blobs: BlobPool; created: Date },
): Promise<{ roots: NamedRoot[]; findings: Finding[] }> {
  const roots: NamedRoot[] = [];
  const findings: Finding[] = [];
  for (const chart of charts) {
    try {
      const root = await adoptChart(chart, { blobs, created });
      if (root !== undefined) roots.push(root);
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, chart.tgz.path));
    }
  }
  return { roots, findings };
}

async function adoptChart(
  chart: ForeignChart,
  { blobs, created }: { blobs: BlobPool; created: Date },
): Promise<NamedRoot | undefined> {
  const { path } = chart.tgz;
  const tgz = await readWhole(chart.tgz, MAX_CHART_BYTES);
  if (blobs.has(digestOf(tgz))) return undefined;
  const { metadata } = await readChartArchive(tgz, JSON.stringify(path));
  const provenance =
    chart.provenance === undefined ? undefined : await readWhole(chart.provenance, MAX_CHART_BYTES);
  const made = toOciChart(metadata, { tgz, provenance, created });
  for (const document of [made.manifest, ...made.blobs]) blobs.addDocument(document);
  const { descriptor } = made.manifest;
  return { descriptor, name: chartReference(metadata), hints: [], place: path };
}

/**
 * The chart that an artifact is; undefined for everything else. Name and version come from its
 * Chart.yaml, not from the reference.
 */
export async function chartIn(
  { reference, root: { manifest } }: Artifact,
  blobs: BlobPool,
): Promise<ArtifactChart | undefined> {
  if (manifest.kind === "index" || !isChart(manifest)) return undefined;
  const { chart, provenance } = chartLayers(manifest);
  if (chart === undefined) return undefined;
  const read = (layer: Descriptor): Promise<Buffer> =>
    readVerified(blobs, layer, { maxBytes: MAX_CHART_BYTES });
  const tgz = await read(chart);
  const { metadata } = await readChartArchive(tgz, reference);
  return artifactChart(
    metadata,
    { tgz, provenance: provenance && (await read(provenance)) },
    blobs,
  );
}
