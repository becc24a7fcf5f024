import type { Chart } from "../chart/chart.ts";
import { loadChartArchive, loadChartFiles } from "../chart/load-chart.ts";
import { readChart } from "../chart/read-chart.ts";
import { startRun, type Run } from "../events.ts";
import type { Release } from "../helm/render/built-in-objects.ts";
import type { Cluster } from "../helm/render/capabilities.ts";
import { Budget } from "../helm/template/budget.ts";
import { writeJson } from "../helm/template/print.ts";
import type { Dict } from "../helm/template/value.ts";
import { readUserValues, type ValueSet } from "../helm/values/user-values.ts";
import { digestOf, type Digest } from "../oci/digest.ts";
import { discoverImages } from "./discover-images.ts";
import type { Discovery } from "./discovery.ts";

/** What discovery is told beside the chart and its values. */
export interface DiscoverySettings extends Cluster, Release {
  /** Path of a helm program that is asked too. */
  readonly helm?: string | undefined;
  /** By `group/Kind` of a custom resource: why no image has to be found for it. */
  readonly settled?: ReadonlyMap<string, string> | undefined;
}

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

/**
 * Finds the images of one chart with the values of a user.
 * @throws DrayError for values that cannot be read
 */
export async function imagesOfChart(
  chart: Chart,
  {
    valueSets,
    settings,
  }: {
    readonly valueSets?: readonly ValueSet[] | undefined;
    readonly settings?: DiscoverySettings | undefined;
  },
  { signal }: Run,
): Promise<Discovery> {
  const values = await readValueSets(valueSets);
  return discoverImages(chart, { ...settings, signal, values });
}

/** One table of values for each set. @throws DrayError for values that cannot be read */
export async function readValueSets(sets: readonly ValueSet[] = [{}]): Promise<Dict[]> {
  const values: Dict[] = [];
  for (const set of sets) values.push(await readUserValues(set));
  return values;
}

/** Differs where a chart is asked for its images with other values or for another cluster. */
export function questionDigest(values: readonly Dict[], settings: DiscoverySettings): Digest {
  const told = Object.entries(settings)
    .filter(([key, one]) => key !== "helm" && one !== undefined)
    .map(([key, one]) => [key, one instanceof Map ? [...one] : (one as unknown)] as const);
  const tables = values.map((one) => writeJson(one, { budget: new Budget() }));
  return digestOf(
    Buffer.from(JSON.stringify([tables, told.toSorted(([a], [b]) => (a < b ? -1 : 1))])),
  );
}
