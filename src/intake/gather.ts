import type { Adopted } from "../foreign/adopt.ts";
import { chartPath, kindOf, type Artifact, type BundleFile } from "../bundle/artifact.ts";
import type { ProvenanceOptions } from "../chart/provenance/check-provenance.ts";
import { requireKeyring } from "../chart/provenance/keyring.ts";
import type { DiscoveredImage } from "../discover/discovery.ts";
import type { Finding } from "../finding.ts";
import type { Digest } from "../oci/digest.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { Sources } from "./sources.ts";
import type { Packed } from "./from.ts";
import { imageRequests, requestByChart } from "./image-requests.ts";
import { judgeCharts } from "./judge-charts.ts";
import { obtainChart, type ObtainedChart } from "./charts/obtain-chart.ts";
import { readPlainFile, readTool } from "./files.ts";
import { adoptedImages, takePacked, type Taken } from "./packed.ts";
import { formatChart } from "./recipe/chart-request.ts";
import type { Recipe } from "./recipe/recipe.ts";
import { skipOf, type Skip } from "./recipe/skip.ts";
import {
  nothingAsked,
  refuseDoubles,
  refuseFileNames,
  refuseNonDistributable,
  refuseTwoMeanings,
  twoFiles,
} from "./refuse.ts";
import {
  imagesToAdd,
  searchCharts,
  type SearchedChart,
  type SearchSettings,
} from "./search-charts.ts";
import { findReferrers, unaskedFindings } from "./referrers.ts";
import { leaveOut, withEarlier, type LeftOut } from "./skip-images.ts";
import type { ResolvedReferrer, Vouching } from "./surroundings.ts";
import { resolveAll, type Resolved } from "./resolve.ts";
import { tryEach } from "./try-each.ts";

/** All that goes into a bundle, known in full before the first blob moves. */
export interface Ingredients {
  /** Those that are listed and those that charts add. */
  readonly images: readonly Resolved[];
  readonly charts: readonly ObtainedChart[];
  /** The same charts in the same order. */
  readonly searched: readonly SearchedChart[];
  /** What refers to these images, and to charts that registries have. */
  readonly referrers: readonly ResolvedReferrer[];
  readonly vouching: readonly Vouching[];
  /** Images that are packed whatever the charts need: listed by the user, or packed by others. */
  readonly listed: readonly Reference[];
  /** Images that are packed because charts need them. */
  readonly added: readonly DiscoveredImage[];
  readonly files: readonly BundleFile[];
  readonly adopted: Adopted;
  /** What has to be said of the charts. */
  readonly findings: readonly Finding[];
  /** What is not packed on purpose. */
  readonly leftOut: LeftOut;
}

export interface GatherOptions extends SearchSettings {
  readonly provenance: ProvenanceOptions;
  readonly includeNonDistributable: boolean;
  readonly packed: Packed;
}

/**
 * Reads what is local, looks into charts, and resolves what is not here.
 * @throws DrayError `DRAY_RECIPE_EMPTY`, `DRAY_RECIPE_AMBIGUOUS`, `DRAY_LAYER_NOT_DISTRIBUTABLE`, and
 * whatever cannot be read, found or resolved
 */
export async function gather(
  recipe: Recipe,
  sources: Sources,
  options: GatherOptions,
): Promise<Ingredients> {
  const { run } = sources;
  const { images: named, charts: wanted, from, skip: skips } = recipe;
  const plain = recipe.files.length + recipe.tools.length;
  if (named.length + wanted.length + plain + from.length === 0) throw nothingAsked();
  const { keyring } = options.provenance;
  if (keyring !== undefined) await requireKeyring(keyring);
  const taken = await takePacked(recipe, { ...options, created: sources.created });
  const files = await plainFiles(recipe, taken);
  const charts = await tryEach(
    recipe.charts.map((request) => ({ name: formatChart(request), request })),
    run,
    ({ request }) => obtainChart(request, sources),
  );
  refuseDoubles(
    "chart",
    charts.map(({ chart }) => chartPath(chart.metadata)),
  );
  const all = taken.adopted;
  const adopted = { ...all, artifacts: all.artifacts.filter((one) => !isSkipped(one, skips)) };
  const findings = await judgeCharts(charts, adopted, {
    ...options.provenance,
    signal: run.signal,
  });
  const byHand = named.map(({ reference }) => reference);
  const searched = await searchCharts(charts, { ...options, byHand }, sources);
  const leftOut = leaveOut({ skips, listed: byHand, adopted: all, searched });
  const kept = named.filter(({ reference }) => skipOf(skips, reference) === undefined);
  const listed = [...kept.map(({ reference }) => reference), ...adoptedImages(adopted)];
  const added = imagesToAdd(searched, listed).filter(
    ({ reference }) => skipOf(skips, reference) === undefined,
  );
  const requests = [
    ...imageRequests({ ...recipe, images: kept }),
    ...added.map((one) => requestByChart(one, recipe)),
  ];
  const images = await resolveAll(requests, sources);
  if (!options.includeNonDistributable) refuseNonDistributable(images);
  refuseTwoMeanings(images, charts, adopted);
  const published = charts.filter(({ origin }) => origin === "registry");
  const asked = [...images, ...published.map(({ artifact }) => artifact)];
  const { referrers, vouching } = await findReferrers(asked, recipe.referrers, sources);
  const references = [...images.map(({ name }) => name), ...adopted.artifacts.map(referenceOf)];
  return {
    images,
    charts,
    searched,
    referrers,
    vouching,
    listed,
    added,
    files,
    adopted,
    findings: [...findings, ...unaskedFindings(vouching)],
    leftOut: withEarlier(leftOut, taken.skipped, new Set(references)),
  };
}

function referenceOf({ reference }: Artifact): string {
  return reference;
}

/** Files and executables that are listed, and those of bundles; the same file may come from two places. */
async function plainFiles(recipe: Recipe, taken: Taken): Promise<BundleFile[]> {
  const listed: BundleFile[] = [];
  for (const file of recipe.files) listed.push(await readPlainFile(file));
  for (const tool of recipe.tools) listed.push(await readTool(tool));
  refuseFileNames(listed.map(({ path }) => path));
  const files = new Map<string, BundleFile>();
  for (const file of [...listed, ...taken.files]) {
    const other = files.get(file.path);
    if (other !== undefined && other.descriptor.digest !== file.descriptor.digest) {
      throw twoFiles(file.path);
    }
    files.set(file.path, file);
  }
  return [...files.values()];
}

/** All that was resolved: images, charts, and what refers to them. */
export function resolvedOf({ images, charts, referrers }: Ingredients): Resolved[] {
  return [...images, ...charts.map(({ artifact }) => artifact), ...referrers];
}

/** Bytes of everything, each blob once. */
export function totalBytes(ingredients: Ingredients): number {
  const { charts, files, adopted } = ingredients;
  const sizes = new Map<Digest, number>();
  for (const { root } of [...resolvedOf(ingredients), ...adopted.artifacts]) {
    for (const { digest, size } of root.blobs.values()) sizes.set(digest, size);
  }
  const plain = [
    ...files.map(({ descriptor }) => descriptor.size),
    ...charts.flatMap(({ tgz, provenance }) => [tgz.length, provenance?.length ?? 0]),
    ...adopted.artifacts.flatMap(({ chart }) =>
      (chart?.files ?? []).map(({ descriptor }) => descriptor.size),
    ),
  ];
  return [...sizes.values(), ...plain].reduce((sum, size) => sum + size, 0);
}

function isSkipped(artifact: Artifact, skips: readonly Skip[]): boolean {
  if (kindOf(artifact) === "chart") return false;
  return skipOf(skips, parseReference(artifact.reference)) !== undefined;
}
