import type { Chart } from "../chart/chart.ts";
import { loadChartArchive, loadChartFiles } from "../chart/load-chart.ts";
import { readChart } from "../chart/read-chart.ts";
import { startRun } from "../events.ts";
import { imagesOfChart, type DiscoverySettings, type ValueSet } from "./chart-images.ts";
import type { Discovery } from "./discovery.ts";

/** What errors call a chart that has no path. */
const IN_MEMORY = "in memory";

export interface FindImagesOptions extends DiscoverySettings {
  /**
   * The path of a packed chart or of a chart's directory, the bytes of a packed chart, or the files of
   * a chart by their path below its directory, `charts/` included.
   */
  readonly chart: string | Uint8Array | ReadonlyMap<string, Uint8Array>;
  /** Values on top of the chart's own; the images of several sets are joined. @default one empty set */
  readonly valueSets?: readonly ValueSet[] | undefined;
}

/**
 * Finds every image that a chart pulls, may pull, or seems to speak of, and says for each why. Reads
 * the chart and the files of values, and nothing else: no network, no cluster. What stood in the way
 * is in `unknowns`, and `complete` says whether a needed image may have been missed.
 *
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_CHART_INVALID`, or for values that cannot be read
 */
export async function findImages(
  { chart, valueSets, ...settings }: FindImagesOptions,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Discovery> {
  return imagesOfChart(await load(chart), { valueSets, settings }, startRun({ signal }));
}

async function load(chart: FindImagesOptions["chart"]): Promise<Chart> {
  if (typeof chart === "string") {
    return loadChartFiles((await readChart(chart)).files, JSON.stringify(chart));
  }
  if (chart instanceof Uint8Array) return loadChartArchive(chart, IN_MEMORY);
  const files = [...chart].map(([path, bytes]) => [path, Buffer.from(bytes)] as const);
  return loadChartFiles(new Map(files), IN_MEMORY);
}
