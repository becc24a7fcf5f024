import { stat } from "node:fs/promises";
import { makeChartArtifact } from "./fetched-chart.ts";
import { findDependencies, type FoundDependencies } from "./dependencies.ts";
import type { Sources } from "../sources.ts";
import type { FetchedChart } from "./fetched-chart.ts";
import type { Chart } from "../../chart/chart.ts";
import { loadChartFiles } from "../../chart/load-chart.ts";
import { packChart } from "../../chart/pack-chart.ts";
import type { DrayError } from "../../errors.ts";
import { findLocalChart } from "./local-chart.ts";
import { formatChart, type ChartRequest } from "../recipe/chart-request.ts";
import type { Lock } from "../recipe/lock.ts";
import { findRegistryChart } from "./registry-chart.ts";
import { findRepositoryChart } from "./repository-chart.ts";
import type { Resolved } from "../resolve.ts";

/** A chart with the dependencies that it lacked, as far as they could be had. */
export interface WholeChart {
  readonly request: ChartRequest;
  readonly chart: Chart;
  /** Whether the artifact is in a registry already, the `.tgz` was there, or it is made here. */
  readonly origin: "registry" | "archive" | "directory";
  /** Dependencies that the `.tgz` does not hold: Helm does not install it like that. */
  readonly lacks: readonly string[];
  /** Why dependencies could not be had. */
  readonly failures: readonly DrayError[];
  /** What the lock is to say of it and of the dependencies that were fetched. */
  readonly lock: Lock;
}

/** One that is ready to be packed too. */
export interface ObtainedChart extends WholeChart {
  readonly tgz: Buffer;
  readonly provenance: Buffer | undefined;
  /** The artifact that it is or becomes; its name is the one that a bundle has it under. */
  readonly artifact: Resolved;
}

/**
 * Gets a chart from wherever it is. A packed one keeps its bytes; a directory is packed as
 * `helm package` would, with the dependencies that it lacks.
 */
export async function obtainChart(asked: ChartRequest, sources: Sources): Promise<ObtainedChart> {
  const { whole, found, files } = await findWhole(asked, sources);
  const { metadata } = whole.chart;
  const { created } = sources;
  const { provenance } = found;
  const tgz = found.tgz ?? (await packChart(files, { name: metadata.name, mtime: created }));
  const artifact =
    found.resolved ?? (await makeChartArtifact(metadata, { tgz, provenance, created }));
  return { ...whole, tgz, provenance, artifact };
}

/** Gets a chart to look at; nothing is packed. */
export async function readWholeChart(asked: ChartRequest, sources: Sources): Promise<WholeChart> {
  return (await findWhole(asked, sources)).whole;
}

async function findWhole(
  asked: ChartRequest,
  sources: Sources,
): Promise<{ whole: WholeChart; found: FetchedChart; files: FetchedChart["files"] }> {
  const { created, chartRoot } = sources;
  const request = await throughAlias(asked, sources);
  const found = await findChart(request, sources);
  const bare = await loadChartFiles(found.files, found.what);
  const origin = originOf(found);
  const home = origin === "directory" && request.kind === "file" ? request.path : undefined;
  const find = (wanted: ChartRequest): Promise<FetchedChart> => findChart(wanted, sources);
  const dependencies = await findDependencies(bare, { find, home, chartRoot, created });
  const files = withDependencies(found.files, dependencies);
  const chart = files === found.files ? bare : await loadChartFiles(files, found.what);
  const lacks = namesOf(origin === "directory" ? chart.missing : bare.missing);
  const lock = lockOf([{ request, chart: found }, ...dependencies.found]);
  const whole = { request, chart, origin, lacks, failures: dependencies.failures, lock };
  return { whole, found, files };
}

/** `NAME/CHART` is a path for Helm where there is one, and else of a repository that it knows. */
async function throughAlias(request: ChartRequest, sources: Sources): Promise<ChartRequest> {
  if (request.kind !== "file" || request.alias === undefined) return request;
  const { path, alias, images, valueSets, release } = request;
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere || !(await sources.repositories.knows(alias.repository))) return request;
  return { ...alias, images, valueSets, release };
}

function findChart(request: ChartRequest, sources: Sources): Promise<FetchedChart> {
  if (request.kind === "file") return findLocalChart(request.path, sources.chartRoot);
  if (request.kind === "oci") return findRegistryChart(request, sources);
  return findRepositoryChart(request, sources);
}

function originOf({ tgz, resolved }: FetchedChart): ObtainedChart["origin"] {
  if (resolved !== undefined) return "registry";
  return tgz === undefined ? "directory" : "archive";
}

function withDependencies(
  files: FetchedChart["files"],
  { found }: FoundDependencies,
): FetchedChart["files"] {
  if (found.length === 0) return files;
  return new Map([...files, ...found.map(({ path, tgz }) => [path, tgz] as const)]);
}

function namesOf(missing: Chart["missing"]): string[] {
  return [...new Set(missing.map(({ name }) => name))];
}

function lockOf(found: readonly { request: ChartRequest; chart: FetchedChart }[]): Lock {
  return {
    entries: new Map(
      found.flatMap(({ chart: { resolved } }) =>
        resolved === undefined ? [] : [[resolved.name, resolved.found]],
      ),
    ),
    charts: new Map(
      found.flatMap(({ request, chart: { pin } }) =>
        pin === undefined ? [] : [[formatChart(request), pin]],
      ),
    ),
    searches: new Map(),
  };
}
