import { stat } from "node:fs/promises";
import { findDependencies, type FoundDependencies } from "./dependencies.ts";
import type { Sources } from "../sources.ts";
import type { FetchedChart } from "./fetched-chart.ts";
import type { Chart } from "../../chart/chart.ts";
import { loadChartFiles } from "../../chart/load-chart.ts";
import type { DrayError } from "../../errors.ts";
import { findLocalChart } from "./local-chart.ts";
import { formatChart, type ChartRequest } from "../recipe/chart-request.ts";
import type { Lock } from "../recipe/lock.ts";

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

/** A chart, as it was fetched, and its files with those of the dependencies that it lacked. */
interface FoundChart {
  readonly whole: WholeChart;
  readonly found: FetchedChart;
  readonly files: FetchedChart["files"];
}

/** Gets a chart to look at; nothing is packed. */
export async function readWholeChart(asked: ChartRequest, sources: Sources): Promise<WholeChart> {
  return (await findWhole(asked, sources)).whole;
}

/** What is found with it is for who packs it. */
export async function findWhole(asked: ChartRequest, sources: Sources): Promise<FoundChart> {
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
  if (isThere) return request;
  const repositories = await sources.repositories();
  if (!(await repositories.knows(alias.repository))) return request;
  return { ...alias, images, valueSets, release };
}

/** What speaks to registries and chart repositories is loaded for a chart that is there. */
async function findChart(request: ChartRequest, sources: Sources): Promise<FetchedChart> {
  if (request.kind === "file") return findLocalChart(request.path, sources.chartRoot);
  if (request.kind === "oci") {
    const { findRegistryChart } = await import("./registry-chart.ts");
    return findRegistryChart(request, sources);
  }
  const { findRepositoryChart } = await import("./repository-chart.ts");
  return findRepositoryChart(request, sources);
}

function originOf({ tgz, resolved }: FetchedChart): WholeChart["origin"] {
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
