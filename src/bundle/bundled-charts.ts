import { MAX_CHART_BYTES } from "../chart/chart-archive.ts";
import type { Chart } from "../chart/chart.ts";
import { loadChartArchive } from "../chart/load-chart.ts";
import { chartLayers } from "../chart/oci-chart.ts";
import type { Root } from "../content/graph.ts";
import { readVerified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import type { UsableBundle } from "../stories/open-bundle.ts";

/**
 * Loads the charts of a bundle: all of them, or those that `wanted` means, as `NAME` or
 * `NAME:VERSION`.
 *
 * @throws DrayError `DRAY_CHART_MISSING` if that is none, `DRAY_CHART_INVALID`
 */
export async function loadBundledCharts(bundle: UsableBundle, wanted?: string): Promise<Chart[]> {
  const charts: Chart[] = [];
  for (const { kind, reference } of bundle.manifest.artifacts) {
    const root = bundle.graph.roots.find(({ name }) => name === reference);
    if (kind === "chart" && root !== undefined) charts.push(await load(root, bundle));
  }
  const chosen = wanted === undefined ? charts : charts.filter((chart) => isMeant(chart, wanted));
  if (chosen.length > 0) return chosen;
  const names = charts.map(({ metadata }) => `${metadata.name}:${metadata.version}`).join(", ");
  throw new DrayError(
    "DRAY_CHART_MISSING",
    `Cannot check ${wanted === undefined ? "the charts" : `chart ${JSON.stringify(wanted)}`} of this bundle: it has ${names === "" ? "none" : `only ${names}`}`,
    { kind: "usage" },
  );
}

function isMeant({ metadata: { name, version } }: Chart, wanted: string): boolean {
  return wanted === name || wanted === `${name}:${version}`;
}

async function load({ name, manifest }: Root, { view }: UsableBundle): Promise<Chart> {
  const what = name ?? "in a bundle";
  const layer = manifest.kind === "manifest" ? chartLayers(manifest).chart : undefined;
  if (layer !== undefined) {
    return loadChartArchive(await readVerified(view, layer, { maxBytes: MAX_CHART_BYTES }), what);
  }
  throw new DrayError("DRAY_CHART_INVALID", `Cannot read chart ${what}: it has no chart layer`, {
    kind: "refused",
  });
}
