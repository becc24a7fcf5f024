import { imagesOfChart, type DiscoverySettings } from "./chart-images.ts";
import { compareWithList, type ListDifference } from "./chart/discover/compare-list.ts";
import { toFinding, type DiscoveredImage, type Discovery } from "./chart/discover/discovery.ts";
import { joinImages } from "./chart/discover/join-images.ts";
import { loadChart } from "./chart/load-chart.ts";
import type { Finding } from "./finding.ts";
import type { Reference } from "./oci/reference.ts";

export interface ImagesOptions extends DiscoverySettings {
  readonly charts: readonly string[];
  /** A list to compare with. */
  readonly list?: readonly Reference[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ImagesReport {
  readonly charts: readonly ReadChart[];
  /** Of all charts, each once: needed ones first, then by name. */
  readonly images: readonly DiscoveredImage[];
  readonly complete: boolean;
  /** Undefined where there was no list. */
  readonly difference: ListDifference | undefined;
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
  const discoveries: Discovery[] = [];
  for (const path of options.charts) {
    options.signal?.throwIfAborted();
    discoveries.push(await imagesOfChart(await loadChart(path), options, options.signal));
  }
  const found = joinImages(discoveries);
  return {
    charts: discoveries.map(({ chart, unknowns, complete }) => ({
      ...chart,
      complete,
      findings: unknowns.map(toFinding),
    })),
    images: found,
    complete: discoveries.every(({ complete }) => complete),
    difference: options.list === undefined ? undefined : compareWithList(found, options.list),
  };
}
