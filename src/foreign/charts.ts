import { StreamCursor } from "../archive/cursor.ts";
import { gunzip, limited, maxInflated } from "../archive/inflate.ts";
import { readTar } from "../archive/tar/tar-reader.ts";
import { MAX_CHART_BYTES, readChartArchive } from "../chart/chart-archive.ts";
import { DrayError } from "../errors.ts";
import { type FileTree, type ForeignFile, readWhole } from "./file-tree.ts";
import type { ForeignChart } from "./foreign-content.ts";
import {
  type Artifact,
  type ArtifactChart,
  artifactChart,
  chartReference,
} from "../bundle/artifact.ts";
import { chartLayers, isChart, toOciChart } from "../chart/oci-chart.ts";
import type { Source } from "../content/content.ts";
import { readVerified } from "../content/verify.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import type { NamedRoot } from "./adopt-names.ts";
import type { BlobPool } from "./blob-pool.ts";

/** Charts have their Chart.yaml first; Helm writes it so. */
const MEMBERS_LOOKED_AT = 50;

/** The packed charts that nobody has claimed, with their provenance; claims them. */
export async function findCharts(tree: FileTree): Promise<ForeignChart[]> {
  const charts: ForeignChart[] = [];
  for (const path of tree.unclaimed()) {
    const tgz = tree.files.get(path);
    if (tgz === undefined || !path.endsWith(".tgz") || tgz.size > MAX_CHART_BYTES) continue;
    if (!(await holdsChart(tgz))) continue;
    const provenance = tree.files.get(`${path}.prov`);
    charts.push({ tgz, provenance });
    tree.claim([path, `${path}.prov`]);
  }
  return charts;
}

/** True if `NAME/Chart.yaml` is in it; what cannot be read is no chart. */
async function holdsChart(file: ForeignFile): Promise<boolean> {
  const what = JSON.stringify(file.path);
  const limit = maxInflated(file.size);
  const cursor = new StreamCursor(limited(gunzip(file.read(), what), { limit, what }));
  try {
    let count = 0;
    for await (const { name } of readTar(cursor)) {
      if (/^(?:\.\/)?[^/]+\/Chart\.yaml$/.test(name)) return true;
      if (++count === MEMBERS_LOOKED_AT) return false;
    }
    return false;
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  } finally {
    await cursor.close();
  }
}

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
 * The chart that an artifact is; none for everything else. One that Helm's rules do not take travels
 * as the artifact that it is, and the finding says so. Name and version come from its Chart.yaml,
 * not from the reference.
 *
 * @throws DrayError for content that is missing or damaged
 */
export async function chartIn(
  artifact: Artifact,
  blobs: Source,
): Promise<{ chart?: ArtifactChart | undefined; finding?: Finding }> {
  const { manifest } = artifact.root;
  if (manifest.kind === "index" || !isChart(manifest)) return {};
  const { chart, provenance } = chartLayers(manifest);
  if (chart === undefined) return {};
  const read = (layer: Descriptor): Promise<Buffer> =>
    readVerified(blobs, layer, { maxBytes: MAX_CHART_BYTES });
  const files = { tgz: await read(chart), provenance: provenance && (await read(provenance)) };
  try {
    const { metadata } = await readChartArchive(files.tgz, artifact.reference);
    return { chart: artifactChart(metadata, files, blobs) };
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return { finding: unreadable(artifact, error) };
  }
}

function unreadable({ reference }: Artifact, { message }: DrayError): Finding {
  return {
    code: "CHART_UNREADABLE",
    severity: "warning",
    entry: reference,
    message: `${message}: it travels as the artifact that it is`,
    hint: "Ask whoever made it whether Helm can install it.",
  };
}
