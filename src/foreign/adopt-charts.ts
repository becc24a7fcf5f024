import type { Candidate } from "./adopt-names.ts";
import { MAX_CHART_BYTES, readChartArchive } from "../chart/chart-archive.ts";
import type { Part } from "../bundle/assemble.ts";
import { chartLayers, isChart, toOciChart } from "../chart/oci-chart.ts";
import { readVerified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { BlobPool } from "./blob-pool.ts";
import { readWhole } from "./file-tree.ts";
import type { ForeignChart } from "./foreign-content.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { chartReference, type PackedChart } from "../bundle/chart-files.ts";
import { digestOf } from "../oci/digest.ts";

/**
 * Makes artifacts of charts that lie beside images as files. What travels as an artifact anyway is
 * not made again.
 */
export async function adoptCharts(
  charts: readonly ForeignChart[],
  { blobs, created }: { blobs: BlobPool; created: Date },
): Promise<{ candidates: Candidate[]; findings: Finding[] }> {
  const candidates: Candidate[] = [];
  const findings: Finding[] = [];
  for (const chart of charts) {
    try {
      const candidate = await adoptChart(chart, { blobs, created });
      if (candidate !== undefined) candidates.push(candidate);
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, chart.tgz.path));
    }
  }
  return { candidates, findings };
}

async function adoptChart(
  chart: ForeignChart,
  { blobs, created }: { blobs: BlobPool; created: Date },
): Promise<Candidate | undefined> {
  const { path } = chart.tgz;
  const tgz = await readWhole(chart.tgz, MAX_CHART_BYTES);
  if (blobs.has(digestOf(tgz))) return undefined;
  const { metadata } = await readChartArchive(tgz, JSON.stringify(path));
  const provenance =
    chart.provenance === undefined ? undefined : await readWhole(chart.provenance, MAX_CHART_BYTES);
  const { manifest, blobs: parts } = toOciChart(metadata, { tgz, provenance, created });
  for (const part of [manifest, ...parts]) blobs.addDocument(part);
  return {
    descriptor: manifest.descriptor,
    name: chartReference(metadata),
    hints: [],
    place: path,
  };
}

/** A chart that is an artifact: name and version come from its Chart.yaml, not from the reference. */
export async function readChart(
  { reference, root: { manifest } }: Part,
  blobs: BlobPool,
): Promise<PackedChart | undefined> {
  if (manifest.kind === "index" || !isChart(manifest)) return undefined;
  const { chart, provenance } = chartLayers(manifest);
  if (chart === undefined) return undefined;
  const read = (layer: Descriptor): Promise<Buffer> =>
    readVerified(blobs, layer, { maxBytes: MAX_CHART_BYTES });
  const tgz = await read(chart);
  const { metadata } = await readChartArchive(tgz, reference);
  return { chart: { metadata }, tgz, provenance: provenance && (await read(provenance)) };
}
