import { chartPath } from "../bundle/artifact.ts";
import type { Chart } from "../chart/chart.ts";
import { contentDigest } from "../chart/content-digest.ts";
import { settleByList } from "../discover/custom-resources.ts";
import { discoverImages } from "../discover/discover-images.ts";
import { questionDigest, readValueSets, type DiscoverySettings } from "../discover/find-images.ts";
import { isNeeded, type DiscoveredImage, type Discovery } from "../discover/discovery.ts";
import { compareWithList, joinImages } from "../discover/image-lists.ts";
import { hasWorkloads } from "../discover/manifests.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Reference } from "../oci/reference.ts";
import type { ObtainedChart } from "./charts/obtain-chart.ts";
import { lockedDiscovery, type SearchIdentity } from "./locked-discovery.ts";
import type { ImageMode } from "./recipe/chart-request.ts";
import type { Sources } from "./sources.ts";

/** A chart that is packed, and what was found of its images. */
export interface SearchedChart {
  readonly mode: ImageMode;
  readonly discovery: Discovery;
  /** For the lock: which chart was searched, and what the search was told. */
  readonly of: SearchIdentity;
}

export interface SearchSettings {
  readonly discovery: DiscoverySettings;
  /** Fail where a needed image may have been missed. */
  readonly strictImages: boolean;
}

interface SearchOptions extends SearchSettings {
  /** Images that the user lists. */
  readonly byHand: readonly Reference[];
}

/**
 * Finds the images of charts that are packed. With a lock they are what the lock says, and nothing is
 * looked for.
 * @throws DrayError `DRAY_IMAGES_NOT_FOUND` for a chart that runs something and names no image,
 * `DRAY_IMAGES_INCOMPLETE`; neither for a chart that is packed without its images.
 * `DRAY_LOCK_MISSING` and `DRAY_LOCK_OUTDATED` for charts and values that are not the lock's
 */
export async function searchCharts(
  charts: readonly ObtainedChart[],
  { discovery: settings, strictImages, byHand }: SearchOptions,
  { lock, run }: Sources,
): Promise<SearchedChart[]> {
  const items = charts.map(({ artifact: { name } }) => ({ name }));
  if (lock === undefined && items.length > 0)
    run.onEvent({ type: "stage", stage: "search", items });
  const read: { chart: Chart; mode: ImageMode; found: Discovery; of: SearchIdentity }[] = [];
  for (const { chart, request, artifact } of charts) {
    const { images: mode = "needed", valueSets, release } = request;
    const values = await readValueSets(valueSets);
    const told = { ...settings, ...release };
    const of = {
      path: chartPath(chart.metadata),
      content: contentDigest(chart),
      question: questionDigest(values, told),
    };
    const found =
      lock === undefined
        ? await discoverImages(chart, { ...told, signal: run.signal, values })
        : lockedDiscovery(lock, chart, of);
    read.push({ chart, mode, found, of });
    run.onEvent({ type: "done", reference: artifact.name, result: "searched" });
  }
  const all = joinImages(read.map(({ found }) => found));
  const extra = lock === undefined ? compareWithList(all, byHand).extra : [];
  return read.map(({ chart, mode, found, of }) => {
    const discovery = settleByList(found, extra);
    if (mode !== "none") {
      if (lock === undefined) requireImages(discovery, chart);
      judgeCompleteness(discovery, strictImages, run);
    }
    return { mode, discovery, of };
  });
}

/** The images that charts add to a list. What is listed is packed as the list has it. */
export function imagesToAdd(
  searched: readonly SearchedChart[],
  listed: readonly Reference[],
): DiscoveredImage[] {
  const wanted = searched.map(({ mode, discovery }) => ({
    ...discovery,
    images: discovery.images.filter((one) => isWanted(one, mode)),
  }));
  return unlisted(joinImages(wanted), listed);
}

/** The images of a chart that are neither listed nor wanted. */
export function imagesLeft(
  { mode, discovery }: SearchedChart,
  listed: readonly Reference[],
): DiscoveredImage[] {
  const others = discovery.images.filter((one) => !isWanted(one, mode));
  return unlisted(others, listed);
}

/** What a chart pulls with the values that it is packed with, in alphabetical order. */
export function imagesPulled({ discovery }: SearchedChart): string[] {
  return discovery.images
    .filter(isNeeded)
    .map(({ image }) => image)
    .toSorted();
}

function isWanted(image: DiscoveredImage, mode: ImageMode): boolean {
  if (mode === "none") return false;
  return isNeeded(image) || (mode === "discover" && image.class === "optional");
}

function unlisted(
  images: readonly DiscoveredImage[],
  listed: readonly Reference[],
): DiscoveredImage[] {
  return images.filter(({ reference }) => !listed.some((one) => brings(one, reference)));
}

/** What a chart has pinned may be another digest than the one that a listed tag stands for. */
function brings(listed: Reference, wanted: Reference): boolean {
  if (listed.registry !== wanted.registry || listed.repository !== wanted.repository) return false;
  if (wanted.digest !== undefined) return listed.digest === wanted.digest;
  return listed.tag === wanted.tag;
}

function requireImages({ images, unknowns }: Discovery, chart: Chart): void {
  if (images.some((one) => one.class !== "suspect") || !hasWorkloads(chart)) return;
  const reasons = unknowns.map(({ message }) => `\n  ${message}`).join("");
  throw new DrayError(
    "DRAY_IMAGES_NOT_FOUND",
    `Cannot pack the images of ${named(chart.metadata)}: it runs containers, and no image was found${reasons}`,
    { hint: "Give it the values that it asks for, or list its images and pack it with `none`." },
  );
}

function judgeCompleteness(
  { chart, unknowns, complete }: Discovery,
  isStrict: boolean,
  { onEvent }: Run,
): void {
  if (complete) return;
  const message = `needed images of ${named(chart)} may have been missed`;
  if (!isStrict) return onEvent({ type: "warning", message });
  const reasons = unknowns.filter(({ needed }) => needed).map((one) => `\n  ${one.message}`);
  throw new DrayError("DRAY_IMAGES_INCOMPLETE", `Cannot pack: ${message}${reasons.join("")}`, {
    kind: "refused",
    hint: "Give the chart the values that it asks for, or let a helm program render it.",
  });
}

function named({ name, version }: { name: string; version: string }): string {
  return `${name} ${version}`;
}
