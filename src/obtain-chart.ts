import { makeChartArtifact } from "./chart-artifact.ts";
import type { ChartSources, FoundChart } from "./chart-sources.ts";
import type { Chart } from "./chart/chart.ts";
import { chartTag } from "./chart/chart-yaml.ts";
import { loadChartFiles } from "./chart/load-chart.ts";
import { packChart } from "./chart/pack-chart.ts";
import { findLocalChart } from "./local-chart.ts";
import { formatChart, type ChartRequest } from "./recipe/chart-request.ts";
import type { ChartPin } from "./recipe/lock.ts";
import { findRegistryChart } from "./registry-chart.ts";
import { findRepositoryChart } from "./repository-chart.ts";
import type { Resolved } from "./resolve.ts";

/** A chart with everything in it, ready to be looked at and to be packed. */
export interface ObtainedChart {
  readonly request: ChartRequest;
  readonly chart: Chart;
  readonly tgz: Buffer;
  readonly provenance: Buffer | undefined;
  /** The artifact that it is or becomes; its name is the one that a bundle has it under. */
  readonly artifact: Resolved;
  /** True if the artifact is one of a registry already. */
  readonly isPublished: boolean;
  /** What the lock is to say, by chart as it was asked for. */
  readonly pins: ReadonlyMap<string, ChartPin>;
}

/**
 * Gets a chart from wherever it is. A packed one keeps its bytes; a directory is packed as
 * `helm package` would, with the dependencies that it lacks.
 */
export async function obtainChart(
  request: ChartRequest,
  sources: ChartSources,
): Promise<ObtainedChart> {
  const found = await findChart(request, sources);
  const chart = await loadChartFiles(found.files, found.what);
  const { name, version } = chart.metadata;
  const tgz = found.tgz ?? (await packChart(found.files, { name, mtime: sources.created }));
  const { provenance } = found;
  // A chart that does not come from a registry has no name of its own there.
  const reference = `charts/${name}:${chartTag(version)}`;
  const { created } = sources;
  const artifact =
    found.resolved ??
    (await makeChartArtifact(chart.metadata, { tgz, provenance, reference, created }));
  const pins = new Map(found.pin === undefined ? [] : [[formatChart(request), found.pin]]);
  const isPublished = found.resolved !== undefined;
  return { request, chart, tgz, provenance, artifact, isPublished, pins };
}

function findChart(request: ChartRequest, sources: ChartSources): Promise<FoundChart> {
  if (request.kind === "file") return findLocalChart(request.path);
  if (request.kind === "oci") return findRegistryChart(request, sources);
  return findRepositoryChart(request, sources);
}
