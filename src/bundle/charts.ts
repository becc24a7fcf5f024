import { MAX_CHART_BYTES, readChartArchive } from "../chart/chart-archive.ts";
import type { Chart } from "../chart/chart.ts";
import type { ChartMetadata } from "../chart/chart-yaml.ts";
import { loadChartArchive } from "../chart/load-chart.ts";
import { chartLayers } from "../chart/oci-chart.ts";
import { readVerified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import { append } from "../content/append.ts";
import type { BundleArtifact, ContentsDocument } from "./format.ts";
import type { UsableBundle } from "./opened.ts";
import type { BundleView } from "./view.ts";

/**
 * Loads the charts of a bundle: all of them, or those that `wanted` means, as `NAME` or
 * `NAME:VERSION`.
 *
 * @throws DrayError `DRAY_CHART_MISSING` if that is none, `DRAY_CHART_INVALID`
 */
export async function loadBundledCharts(bundle: UsableBundle, wanted?: string): Promise<Chart[]> {
  const charts: Chart[] = [];
  for (const { kind, reference } of bundle.contents.artifacts) {
    if (kind === "chart") charts.push(await loadBundledChart(bundle, reference));
  }
  const chosen = wanted === undefined ? charts : charts.filter((chart) => isMeant(chart, wanted));
  if (chosen.length > 0) return chosen;
  const names = charts.map(({ metadata }) => `${metadata.name}:${metadata.version}`).join(", ");
  throw new DrayError(
    "DRAY_CHART_MISSING",
    `Cannot find ${wanted === undefined ? "a chart" : `chart ${JSON.stringify(wanted)}`} in this bundle: it has ${names === "" ? "none" : `only ${names}`}`,
    { kind: "usage", hint: "`dray inspect BUNDLE` lists what a bundle holds." },
  );
}

/**
 * The one chart that values are for: another would take them for its own.
 * @throws DrayError `DRAY_CHART_AMBIGUOUS`
 */
export function requireOneChart(charts: readonly Chart[], task: string): void {
  if (charts.length < 2) return;
  const names = charts.map(({ metadata }) => `${metadata.name}:${metadata.version}`).join(", ");
  throw new DrayError(
    "DRAY_CHART_AMBIGUOUS",
    `Cannot ${task} ${charts.length} charts with one set of values: found ${names}`,
    { kind: "usage", hint: "Name the chart that the values are for with --chart." },
  );
}

function isMeant({ metadata: { name, version } }: Chart, wanted: string): boolean {
  return wanted === name || wanted === `${name}:${version}`;
}

/** Loads the chart of this reference. @throws DrayError `DRAY_CHART_INVALID` */
export async function loadBundledChart(
  { source, graph }: UsableBundle,
  reference: string,
): Promise<Chart> {
  const manifest = graph.roots.find(({ name }) => name === reference)?.manifest;
  const layer = manifest?.kind === "manifest" ? chartLayers(manifest).chart : undefined;
  if (layer !== undefined) {
    const tgz = await readVerified(source, layer, { maxBytes: MAX_CHART_BYTES });
    return loadChartArchive(tgz, reference);
  }
  throw new DrayError(
    "DRAY_CHART_INVALID",
    `Cannot read chart ${reference}: it has no chart layer`,
    {
      kind: "refused",
    },
  );
}

/** Compares what every packed chart says of itself with what `bundle.json` says of it. */
export async function checkChartNames(
  { artifacts }: ContentsDocument,
  view: BundleView,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const artifact of artifacts) {
    const { file } = artifact;
    if (file !== undefined) append(findings, await checkChart(view, artifact, file));
  }
  return findings;
}

async function checkChart(
  view: BundleView,
  { name, version }: BundleArtifact,
  file: string,
): Promise<Finding[]> {
  const entry = view.entries.get(file);
  // What is not there, or changed, is known; a carrier of one pass is not read for this alone.
  if (entry === undefined || !view.canOpen(entry)) return [];
  if (entry.sha256 !== undefined && entry.sha256 !== view.sums?.get(file)) return [];
  const chart = await readMetadata(view, file);
  if ("code" in chart) return [chart];
  const [wanted, found] = [`${name} ${version}`, `${chart.name} ${chart.version}`];
  if (wanted === found) return [];
  const message = `${file}: bundle.json says ${wanted}, its Chart.yaml ${found}`;
  const base = { code: "CHART_NAME_CONFLICT", severity: "warning", entry: file } as const;
  return [{ ...base, message, wanted, found }];
}

async function readMetadata(view: BundleView, file: string): Promise<ChartMetadata | Finding> {
  try {
    const tgz = await view.readSmall(file, MAX_CHART_BYTES);
    return (await readChartArchive(tgz, file)).metadata;
  } catch (error) {
    if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
    const finding = findingOf(error, file);
    // What Helm makes of it is for Helm to say; it travels as it is.
    return error.code === "DRAY_CHART_INVALID" ? { ...finding, severity: "warning" } : finding;
  }
}
