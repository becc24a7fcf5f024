import type { Chart } from "../chart/chart.ts";
import type { Release } from "../helm/render/built-in-objects.ts";
import type { ValueSet } from "../helm/values/user-values.ts";
import { shellWord } from "../errors.ts";

/** What an installation is put together of. */
export interface Install {
  readonly chart: Chart;
  /** `registry/repository` of the chart at the target. */
  readonly repository: string;
  readonly valueSet: ValueSet;
  readonly release: Release;
  readonly valuesFile: string;
  /** True if the target answers over http alone. */
  readonly plainHttp: boolean;
}

/** The command that installs a chart with the user's values and those that were found. */
export function installLine({
  chart,
  repository,
  valueSet,
  release,
  valuesFile,
  plainHttp,
}: Install): string {
  const { name, version } = chart.metadata;
  const { files = [], set = [], setString = [], setJson = [], setFile = [] } = valueSet;
  const given = files.map((file) => (typeof file === "string" ? file : "-"));
  const words = [
    "helm",
    "upgrade",
    "--install",
    release.name ?? name,
    `oci://${repository}`,
    "--version",
    version,
    ...(plainHttp ? ["--plain-http"] : []),
    ...(release.namespace === undefined
      ? []
      : ["--namespace", release.namespace, "--create-namespace"]),
    ...[...given, valuesFile].flatMap((file) => ["--values", file]),
    ...setJson.flatMap((one) => ["--set-json", one]),
    ...set.flatMap((one) => ["--set", one]),
    ...setString.flatMap((one) => ["--set-string", one]),
    ...setFile.flatMap((one) => ["--set-file", one]),
  ];
  return words.map(shellWord).join(" ");
}
