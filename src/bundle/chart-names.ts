import type { BundleArtifact } from "./format.ts";
import type { OpenedBundle } from "./open.ts";
import type { BundleView } from "./view.ts";
import { MAX_CHART_BYTES, readChartArchive } from "../chart/chart-archive.ts";
import type { ChartMetadata } from "../chart/chart-yaml.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";

/** Compares what every packed chart says of itself with what `bundle.json` says of it. */
export async function checkChartNames({
  manifest,
  view,
}: Pick<OpenedBundle, "manifest" | "view">): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const artifact of manifest?.artifacts ?? []) {
    const { file } = artifact;
    if (file !== undefined) findings.push(...(await checkChart(view, artifact, file)));
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
