import { imagesOfChart, type DiscoverySettings } from "../discover/find-images.ts";
import type { ValueSet } from "../helm/values/user-values.ts";
import { compareWithList, joinImages, type ListDifference } from "../discover/image-lists.ts";
import {
  isNeeded,
  toFinding,
  type DiscoveredImage,
  type Discovery,
} from "../discover/discovery.ts";
import { latestTags } from "../intake/assumptions.ts";
import { openSources, type ChartAccess, type Sources } from "../intake/sources.ts";
import { startRun, type RunOptions } from "../events.ts";
import { readWholeChart, type WholeChart } from "../intake/charts/whole-chart.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Reference } from "../oci/reference.ts";
import type { Presence } from "../intake/probe.ts";
import { formatChart, type ChartRequest } from "../intake/recipe/chart-request.ts";

export interface ImagesOptions extends ChartAccess {
  /** Directory of a content store. @default none */
  readonly store?: string | undefined;
  /** Time stamp of what has to be made. @default the beginning of 1970 */
  readonly created?: Date | undefined;
  /** How images are looked for. */
  readonly discovery?: DiscoverySettings | undefined;
  readonly charts: readonly ChartRequest[];
  /** Values that every chart gets beside its own. */
  readonly valueSets?: readonly ValueSet[] | undefined;
  /** A list to compare with. */
  readonly list?: readonly Reference[] | undefined;
  /** Ask registries whether suspects are there. @default false */
  readonly probe?: boolean | undefined;
}

export interface ImagesReport {
  readonly charts: readonly ReadChart[];
  /** Of all charts, each once: needed ones first, then by name. */
  readonly images: readonly FoundImage[];
  readonly complete: boolean;
  /** Undefined where there was no list. */
  readonly difference: ListDifference | undefined;
}

export interface FoundImage extends DiscoveredImage {
  /** What its registry says, if that was asked. */
  readonly presence?: Presence;
}

/** A chart, and what stood in the way of finding its images. */
export interface ReadChart {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  /** True if nothing stood in the way of finding every image that these values pull. */
  readonly complete: boolean;
  /** Warnings may stand for a needed image, notes for an optional one. */
  readonly findings: readonly Finding[];
}

/** Says which images charts pull or may pull, and why. */
export async function images(
  options: ImagesOptions,
  runOptions: RunOptions = {},
): Promise<ImagesReport> {
  const { charts: requests, list, valueSets, discovery: settings } = options;
  const run = startRun(runOptions);
  const sources = openSources(options, run);
  try {
    const discoveries: Discovery[] = [];
    const charts: ReadChart[] = [];
    const items = requests.map((request) => ({ name: formatChart(request) }));
    run.onEvent({ type: "stage", stage: "search", items });
    for (const request of requests) {
      const whole = await readWholeChart(request, sources);
      const discovery = await imagesOfChart(whole.chart, { valueSets, settings }, run);
      discoveries.push(discovery);
      charts.push(describe(discovery, whole));
      run.onEvent({ type: "done", reference: formatChart(request), result: "searched" });
    }
    const found = joinImages(discoveries);
    return {
      charts,
      images: options.probe === true ? await probed(found, sources) : found,
      complete: charts.every(({ complete }) => complete),
      difference: list === undefined ? undefined : compareWithList(found, list),
    };
  } finally {
    await sources.close();
  }
}

/** What could not be had of a chart says why something of it is missing. */
function describe(
  { chart, images: found, complete, unknowns }: Discovery,
  { failures }: WholeChart,
): ReadChart {
  const reasons = failures.map((error) => ({ ...findingOf(error), severity: "warning" as const }));
  const latest = latestTags(found.filter(isNeeded).map(({ image }) => image));
  return { ...chart, complete, findings: [...unknowns.map(toFinding), ...reasons, ...latest] };
}

/** Suspects with what their registries say of them. */
async function probed(found: readonly DiscoveredImage[], sources: Sources): Promise<FoundImage[]> {
  const suspects = found.filter((one) => one.class === "suspect");
  const { probe } = await import("../intake/probe.ts");
  const answers = await probe(
    suspects.map(({ reference }) => reference),
    sources,
  );
  return found.map((one) => {
    const presence = answers.get(one.image);
    return presence === undefined ? one : { ...one, presence };
  });
}
