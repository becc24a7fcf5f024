import { DrayError } from "../errors.ts";
import { parseAs, z } from "../oci/schema.ts";
import { readGoTexts } from "../yaml/texts.ts";
import type { ChartDependency } from "./chart-yaml.ts";
import { decode, type Chart } from "./chart.ts";
import { allowsVersion } from "./choose-version.ts";

/** A dependency that a chart names and does not hold, and where it is to be had. */
export interface WantedDependency {
  readonly name: string;
  /** The locked version, else the range that the chart asks for. */
  readonly version: string | undefined;
  /** As the chart has it: `https://…`, `oci://…`, `file://…`, `@name`, or empty. */
  readonly repository: string;
  /** What stands where Helm reads a `repository`. */
  readonly url: string | undefined;
}

const text = z.string().nullish();
const lockSchema = z.object({
  dependencies: z.array(z.object({ name: z.string(), version: text, repository: text })).nullish(),
});

type Locked = NonNullable<z.infer<typeof lockSchema>["dependencies"]>[number];

/**
 * What `chart` itself lacks, each once, as its Chart.lock (apiVersion v1: requirements.lock) pins it.
 * @throws DrayError `DRAY_CHART_INVALID`
 */
export function wantedDependencies(chart: Chart): WantedDependency[] {
  if (chart.missing.length === 0) return [];
  const locked = readLock(chart);
  const all = chart.missing.map((dependency) => wanted(dependency, locked));
  // The same chart may be there several times, under aliases.
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

function wanted(dependency: ChartDependency, locked: readonly Locked[]): WantedDependency {
  const { name } = dependency;
  const range = dependency.version ?? undefined;
  // A lock may be older than what the chart asks for now.
  const pin = locked.find(
    (one) => one.name === name && allowsVersion(range ?? "", one.version ?? ""),
  );
  return {
    name,
    version: pin?.version ?? range,
    repository: dependency.repository ?? pin?.repository ?? "",
    url: dependency.url ?? undefined,
  };
}

function readLock({ files, metadata }: Chart): readonly Locked[] {
  const name = files.has("Chart.lock") ? "Chart.lock" : "requirements.lock";
  const file = files.get(name);
  if (file === undefined) return [];
  const what = `${name} of ${metadata.name}`;
  try {
    const document = readGoTexts(decode(file), what) ?? {};
    return parseAs(lockSchema, document, { what, code: "DRAY_CHART_INVALID" }).dependencies ?? [];
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw new DrayError("DRAY_CHART_INVALID", cause.message, { kind: "refused", cause });
  }
}
