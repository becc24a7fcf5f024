import { DrayError } from "../errors.ts";
import type { YamlMap } from "../yaml/read.ts";
import type { ChartDependency, ChartMetadata } from "./chart-yaml.ts";
import { parseRange, parseVersion } from "./version-range.ts";

/** One chart with all that is packed into it. */
export interface Chart {
  readonly metadata: ChartMetadata;
  /** Where it stands below the chart that was asked for: "" or `charts/grafana`. */
  readonly path: string;
  readonly values: YamlMap;
  /** Its own files by path, without those of its subcharts. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What it says it depends on, in Chart.yaml or (apiVersion v1) requirements.yaml. */
  readonly dependencies: readonly ChartDependency[];
  readonly subcharts: readonly Chart[];
  /** Dependencies that it names and does not hold. */
  readonly missing: readonly ChartDependency[];
}

/** A file of `chart` as text. */
export function textOf(chart: Chart, path: string): string {
  return decode(chart.files.get(path) ?? Buffer.alloc(0));
}

export function decode(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

/** Paths of the templates, partials included. */
export function templatesOf(chart: Chart): string[] {
  const paths = [...chart.files.keys()].filter((path) => path.startsWith("templates/"));
  if (chart.metadata.type !== "library") return paths;
  return paths.filter((path) => isPartial(path));
}

/** Only templates that others call. */
export function isPartial(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith("_");
}

/** `path` of a file as evidence shows it: `charts/grafana/values.yaml`. */
export function shownPath(chart: Chart, path: string): string {
  return chart.path === "" ? path : `${chart.path}/${path}`;
}

/** True if `chart` is what the dependency asks for. */
export function satisfies(chart: Chart, dependency: ChartDependency): boolean {
  if (chart.metadata.name !== dependency.name) return false;
  try {
    return parseRange(dependency.version ?? "").allows(parseVersion(chart.metadata.version));
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  }
}
