import type { Chart } from "./chart/chart.ts";
import { discoverImages } from "./chart/discover/discover-images.ts";
import type { Discovery } from "./chart/discover/discovery.ts";
import type { DiscoverOptions } from "./chart/discover/options.ts";
import { readUserValues, type UserValues } from "./chart/values/user-values.ts";

/** What discovery is told beside the chart. */
export interface DiscoverySettings extends Pick<
  DiscoverOptions,
  "kubeVersion" | "apiVersions" | "helm"
> {
  /** The images of several sets of values are joined. @default the chart's own values alone */
  readonly valueSets?: readonly UserValues[] | undefined;
}

/**
 * Finds the images of one chart with the values of a user.
 * @throws DrayError for values that cannot be read
 */
export async function imagesOfChart(
  chart: Chart,
  { valueSets = [{}], ...settings }: DiscoverySettings,
  signal?: AbortSignal,
): Promise<Discovery> {
  return discoverImages(chart, { ...settings, values: valueSets.map(readUserValues), signal });
}
