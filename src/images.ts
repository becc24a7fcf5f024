import { imagesOfChart, type DiscoverySettings } from "./chart-images.ts";
import { compareWithList, type ListDifference } from "./chart/discover/compare-list.ts";
import { toFinding, type DiscoveredImage, type Discovery } from "./chart/discover/discovery.ts";
import { joinImages } from "./chart/discover/join-images.ts";
import { loadChart } from "./chart/load-chart.ts";
import type { Finding } from "./finding.ts";
import type { Reference } from "./oci/reference.ts";
import { probe, type Presence } from "./probe.ts";
import type { RegistryOptions } from "./registry/client.ts";
import { RegistryPool } from "./registry/pool.ts";

export interface ImagesOptions extends DiscoverySettings {
  readonly charts: readonly string[];
  /** A list to compare with. */
  readonly list?: readonly Reference[] | undefined;
  /** Ask registries whether suspects are there; without it nothing but charts is asked for. */
  readonly probe?: boolean | undefined;
  readonly registry?: Omit<RegistryOptions, "side" | "onEvent"> | undefined;
  readonly signal?: AbortSignal | undefined;
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
  const discoveries: Discovery[] = [];
  for (const path of options.charts) {
    options.signal?.throwIfAborted();
    discoveries.push(await imagesOfChart(await loadChart(path), options, options.signal));
  }
  const found = await probed(joinImages(discoveries), options);
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

/** Suspects with what their registries say of them. */
async function probed(
  found: readonly DiscoveredImage[],
  { probe: isWanted, registry, signal }: ImagesOptions,
): Promise<readonly FoundImage[]> {
  if (isWanted !== true) return found;
  const suspects = found.filter((one) => one.class === "suspect");
  const pool = new RegistryPool({ ...registry, side: "source" });
  try {
    const answers = await probe(
      suspects.map(({ reference }) => reference),
      { pool, signal },
    );
    return found.map((one) => {
      const presence = answers.get(one.image);
      return presence === undefined ? one : { ...one, presence };
    });
  } finally {
    await pool.close();
  }
}
