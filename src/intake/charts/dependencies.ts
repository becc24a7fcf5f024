import { realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { FetchedChart } from "./fetched-chart.ts";
import { ROOT_HINT } from "../../chart/chart-directory.ts";
import { isWithin } from "../../content/links.ts";
import { MAX_CHART_BYTES } from "../../chart/chart-archive.ts";
import type { Chart } from "../../chart/chart.ts";
import { wantedDependencies, type WantedDependency } from "../../chart/chart-lock.ts";
import { parseChartYaml } from "../../chart/chart-yaml.ts";
import { allowsVersion } from "../../chart/choose-version.ts";
import { packChart } from "../../chart/pack-chart.ts";
import { DrayError } from "../../errors.ts";
import { parseChart, type ChartRequest } from "../recipe/chart-request.ts";

/** Packed, all together; a chart that holds more is not loaded. */
const MAX_BYTES = MAX_CHART_BYTES;

/** What was found of the dependencies that a chart names and does not hold. */
export interface FoundDependencies {
  readonly found: readonly FoundDependency[];
  /** Why the others could not be had. */
  readonly failures: readonly DrayError[];
}

interface FoundDependency {
  readonly request: ChartRequest;
  readonly chart: FetchedChart;
  /** Path below the chart that wants it: `charts/NAME-VERSION.tgz`. */
  readonly path: string;
  readonly tgz: Buffer;
}

export interface DependencyOptions {
  readonly find: (request: ChartRequest) => Promise<FetchedChart>;
  /** Directory of the chart, if it is in one: the only place that `file://` can start from. */
  readonly home: string | undefined;
  /** Directory that has all that `file://` may lead to. @default the one that `home` is in */
  readonly chartRoot: string | undefined;
  readonly created: Date;
}

/**
 * Looks for the dependencies that `chart` lacks where its Chart.lock says they are. Theirs are not
 * looked for: Helm takes what they hold.
 */
export async function findDependencies(
  chart: Chart,
  options: DependencyOptions,
): Promise<FoundDependencies> {
  const found: FoundDependency[] = [];
  let left = MAX_BYTES;
  const failures: DrayError[] = [];
  for (const dependency of wantedDependencies(chart)) {
    try {
      const one = await findDependency(dependency, options);
      left -= one.tgz.length;
      if (left < 0) throw tooLarge(dependency.name);
      found.push(one);
    } catch (cause) {
      if (!(cause instanceof DrayError)) throw cause;
      failures.push(notHad(chart.metadata.name, dependency, cause));
    }
  }
  return { found, failures };
}

async function findDependency(
  dependency: WantedDependency,
  { find, home, chartRoot, created }: DependencyOptions,
): Promise<FoundDependency> {
  const request = await requestFor(dependency, home, chartRoot);
  const chart = await find(request);
  const { name, version } = await requireWanted(chart, dependency);
  const tgz = chart.tgz ?? (await packChart(chart.files, { name, mtime: created }));
  return { request, chart, tgz, path: `charts/${name}-${version}.tgz` };
}

async function requireWanted(
  { files, what }: FetchedChart,
  { name, version = "" }: WantedDependency,
): Promise<{ name: string; version: string }> {
  const chartYaml = files.get("Chart.yaml") ?? Buffer.alloc(0);
  const metadata = parseChartYaml(chartYaml, `Chart.yaml of ${what}`);
  const fits = metadata.version === version || allowsVersion(version, metadata.version);
  if (metadata.name === name && fits) return metadata;
  const found = `${metadata.name} ${metadata.version}`;
  throw new DrayError(
    "DRAY_CHART_MISMATCH",
    `Cannot use ${what}: expected ${name} ${version}, found ${found}`,
    { kind: "refused" },
  );
}

async function requestFor(
  { name, version, repository, url }: WantedDependency,
  home: string | undefined,
  chartRoot: string | undefined,
): Promise<ChartRequest> {
  if (repository === "") {
    const reason = "it is not packed into the chart";
    if (url === undefined) throw unusable(repository, reason);
    throw unusable(repository, `${reason}, and what Helm reads is \`repository\`, not \`url\``);
  }
  if (repository.startsWith("oci://")) {
    return parseChart(`${repository.replace(/\/+$/, "")}/${name}`, { version });
  }
  if (!repository.startsWith("file://")) return parseChart(name, { repo: repository, version });
  if (home === undefined) throw unusable(repository, "it is beside a chart that is packed");
  return { kind: "file", path: await pathBeside(home, repository, chartRoot) };
}

/** A chart may name its neighbors, and nothing else of this host. */
async function pathBeside(
  home: string,
  repository: string,
  chartRoot: string | undefined,
): Promise<string> {
  const parent = dirname(await realpath(home));
  const path = resolve(home, repository.slice("file://".length));
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) throw unusable(repository, "there is nothing");
  if (target !== parent && isWithin(target, parent)) return target;
  if (chartRoot !== undefined && isWithin(target, await realpath(chartRoot))) return target;
  throw unusable(repository, "it leads out of the directory that the chart is in", ROOT_HINT);
}

function tooLarge(name: string): DrayError {
  return new DrayError(
    "DRAY_CHART_INVALID",
    `Cannot take ${name}: with it the dependencies have more than ${MAX_BYTES} bytes`,
    { kind: "refused" },
  );
}

function unusable(repository: string, reason: string, hint?: string): DrayError {
  const where = repository === "" ? "" : ` from ${JSON.stringify(repository.slice(0, 300))}`;
  return new DrayError("DRAY_CHART_INVALID", `Cannot take it${where}: ${reason}`, {
    kind: "refused",
    hint,
  });
}

function notHad(chart: string, { name, version }: WantedDependency, cause: DrayError): DrayError {
  const dependency = version === undefined ? name : `${name} ${version}`;
  return new DrayError(
    "DRAY_CHART_DEPENDENCY_MISSING",
    `Cannot get ${dependency}, which chart ${chart} depends on: ${cause.message}`,
    {
      kind: cause.kind,
      cause,
      hint: cause.hint ?? "`helm dependency build` packs it into the chart.",
    },
  );
}
