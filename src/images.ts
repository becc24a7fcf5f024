import { imagesOfChart, type DiscoverySettings } from "./chart-images.ts";
import { compareWithList, type ListDifference } from "./chart/discover/compare-list.ts";
import { toFinding, type DiscoveredImage, type Discovery } from "./chart/discover/discovery.ts";
import { joinImages } from "./chart/discover/join-images.ts";
import { openChartSources, type ChartSources, type ChartSourcesOptions } from "./chart-sources.ts";
import { obtainChart } from "./obtain-chart.ts";
import type { Finding } from "./finding.ts";
import type { Reference } from "./oci/reference.ts";
import { probe, type Presence } from "./probe.ts";
import type { ChartRequest } from "./recipe/chart-request.ts";
import type { ValueSet } from "./recipe/image-wishes.ts";

export interface ImagesOptions extends DiscoverySettings, Omit<ChartSourcesOptions, "lock"> {
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
interface ReadChart {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  /** True if nothing stood in the way of finding every image that these values pull. */
  readonly complete: boolean;
  /** Warnings may stand for a needed image, notes for an optional one. */
  readonly findings: readonly Finding[];
}

/** Says which images charts pull or may pull, and why. */
export async function images(options: ImagesOptions): Promise<ImagesReport> {
  const sources = openChartSources({ ...options, lock: undefined });
  try {
    const discoveries: Discovery[] = [];
    for (const request of options.charts) {
      const { chart } = await obtainChart(request, sources);
      discoveries.push(await imagesOfChart(chart, options.valueSets, options));
    }
    const found = joinImages(discoveries);
    const report = reportOf(discoveries, found, options);
    return options.probe === true ? { ...report, images: await probed(found, sources) } : report;
  } finally {
    await sources.close();
  }
}

function reportOf(
  discoveries: readonly Discovery[],
  found: readonly DiscoveredImage[],
  { list }: ImagesOptions,
): ImagesReport {
  return {
    charts: discoveries.map(({ chart, unknowns, complete }) => ({
      ...chart,
      complete,
      findings: unknowns.map(toFinding),
    })),
    images: found,
    complete: discoveries.every(({ complete }) => complete),
    difference: list === undefined ? undefined : compareWithList(found, list),
  };
}

/** Suspects with what their registries say of them. */
async function probed(
  found: readonly DiscoveredImage[],
  sources: ChartSources,
): Promise<FoundImage[]> {
  const suspects = found.filter((one) => one.class === "suspect");
  const answers = await probe(
    suspects.map(({ reference }) => reference),
    sources,
  );
  return found.map((one) => {
    const presence = answers.get(one.image);
    return presence === undefined ? one : { ...one, presence };
  });
}
