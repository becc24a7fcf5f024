import { CHARTS_DIRECTORY, type BundleArtifact } from "./format.ts";
import type { PlainFile } from "./contents.ts";
import { chartTag, type ChartMetadata } from "../chart/chart-yaml.ts";
import { authored } from "../content/memory.ts";
import type { Source } from "../content/content.ts";
import type { ObtainedChart } from "../intake/charts/obtain-chart.ts";
import { MediaType } from "../oci/media-type.ts";

/** What a bundle has to know of a chart. */
export type PackedChart = Pick<ObtainedChart, "tgz" | "provenance"> & {
  readonly chart: Pick<ObtainedChart["chart"], "metadata">;
};

/** The chart as the plain files that Helm knows. */
export function chartFiles({ chart, tgz, provenance }: PackedChart, source: Source): PlainFile[] {
  const path = chartPath(chart.metadata);
  const { descriptor } = authored(MediaType.helmChart, tgz);
  const files: PlainFile[] = [{ path, descriptor, source }];
  if (provenance !== undefined) {
    const { descriptor: signed } = authored(MediaType.helmProvenance, provenance);
    files.push({ path: `${path}.prov`, descriptor: signed, source });
  }
  return files;
}

/** What `bundle.json` says of a chart beyond its graph. */
export function chartArtifact({ chart }: Pick<PackedChart, "chart">): Partial<BundleArtifact> {
  const { name, version, appVersion } = chart.metadata;
  return {
    kind: "chart",
    name,
    version,
    ...(appVersion ? { appVersion } : {}),
    file: chartPath(chart.metadata),
  };
}

/** The name of a chart that does not come from a registry, which would have given it one. */
export function chartReference({ name, version }: ChartMetadata): string {
  return `${CHARTS_DIRECTORY}/${name}:${chartTag(version)}`;
}

export function chartPath({ name, version }: ChartMetadata): string {
  return `${CHARTS_DIRECTORY}/${name}-${version}.tgz`;
}
