import { adopt, type Adopted } from "../foreign/adopt.ts";
import { chartPath, kindOf, type BundleFile } from "../bundle/artifact.ts";
import { BundleRefused } from "../bundle/opened.ts";
import type { Sources } from "./sources.ts";
import type { ProvenanceOptions } from "../chart/provenance/check-provenance.ts";
import type { DiscoveredImage } from "../discover/discovery.ts";
import { DrayError } from "../errors.ts";
import { hasErrors, type Finding } from "../finding.ts";
import type { Foreign } from "../foreign/join-foreign.ts";
import type { Digest } from "../oci/digest.ts";
import { formatReference, parseReference, type Reference } from "../oci/reference.ts";
import { judgeCharts } from "./judge-charts.ts";
import { obtainChart, type ObtainedChart } from "./charts/obtain-chart.ts";
import { readPlainFile } from "./files.ts";
import { formatChart } from "./recipe/chart-request.ts";
import type { Recipe } from "./recipe/recipe.ts";
import {
  imagesToAdd,
  searchCharts,
  type SearchedChart,
  type SearchOptions,
} from "./search-charts.ts";
import { resolveAll, tryEach, type Resolved, type ResolveRequest } from "./resolve.ts";

/** All that goes into a bundle, known in full before the first blob moves. */
export interface Ingredients {
  /** Those that are listed and those that charts add. */
  readonly images: readonly Resolved[];
  readonly charts: readonly ObtainedChart[];
  /** The same charts in the same order. */
  readonly searched: readonly SearchedChart[];
  /** Images that are packed whatever the charts need: listed by the user, or packed by others. */
  readonly listed: readonly Reference[];
  /** Images that are packed because charts need them. */
  readonly added: readonly DiscoveredImage[];
  readonly files: readonly BundleFile[];
  readonly adopted: Adopted;
  /** What has to be said of the charts. */
  readonly findings: readonly Finding[];
}

export interface GatherOptions extends SearchOptions {
  readonly provenance: ProvenanceOptions;
  readonly includeNonDistributable: boolean;
  /** What others have packed. */
  readonly foreign: Foreign;
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
  const { images: named, charts: wanted, files: plain, from } = recipe;
  if (named.length + wanted.length + plain.length + from.length === 0) throw empty();
  const files: BundleFile[] = [];
  for (const file of recipe.files) files.push(await readPlainFile(file));
  refuseDoubles(
    "file",
    files.map(({ path }) => path.toLowerCase()),
  );
  const charts = await tryEach(
    recipe.charts.map((request) => ({ name: formatChart(request), request })),
    run,
    ({ request }) => obtainChart(request, sources),
  );
  refuseDoubles(
    "chart",
    charts.map(({ chart }) => chartPath(chart.metadata)),
  );
  const adopted = await adoptAll(recipe, sources.created, options);
  const findings = await judgeCharts(charts, adopted, {
    ...options.provenance,
    signal: run.signal,
  });
  const searched = await searchCharts(charts, options, run);
  const listed = [...recipe.images.map(({ reference }) => reference), ...adoptedImages(adopted)];
  const added = imagesToAdd(searched, listed);
  const requests = [...imageRequests(recipe), ...added.map((one) => requestByChart(one, recipe))];
  const images = await resolveAll(requests, sources);
  refuseNonDistributable(images, options);
  const ingredients = { images, charts, searched, listed, added, files, adopted, findings };
  refuseTwoMeanings(ingredients);
  return ingredients;
}

/** Bytes of everything, each blob once. */
export function totalBytes({ images, charts, files, adopted }: Ingredients): number {
  const sizes = new Map<Digest, number>();
  const resolved = [...images, ...charts.map(({ artifact }) => artifact)];
  for (const { root } of [...resolved, ...adopted.artifacts]) {
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

function requestFor(reference: ResolveRequest["reference"]): ResolveRequest {
  return { name: formatReference(reference), reference, platforms: [] };
}

/** Lists overlap: an image that is named twice is packed once, if both want the same of it. */
function imageRequests(recipe: Recipe): ResolveRequest[] {
  const requests = new Map<string, ResolveRequest>();
  for (const { reference, platforms = recipe.platforms } of recipe.images) {
    const request = { ...requestFor(reference), platforms };
    const other = requests.get(request.name);
    if (other !== undefined && JSON.stringify(other.platforms) !== JSON.stringify(platforms)) {
      throw new DrayError(
        "DRAY_RECIPE_AMBIGUOUS",
        `Cannot pack ${request.name}: it is named twice with different platforms`,
        { kind: "usage" },
      );
    }
    requests.set(request.name, request);
  }
  return [...requests.values()];
}

/** What a chart has pinned by digest keeps it, and with it every platform. */
function requestByChart(
  { image, reference, evidence: [best] }: DiscoveredImage,
  { platforms }: Recipe,
): ResolveRequest {
  const place = [best?.chart, best?.object ?? best?.valuesPath, best?.where];
  return {
    name: image,
    reference,
    platforms: reference.digest === undefined ? platforms : [],
    wantedBy: place.filter((part) => part !== undefined).join(", "),
  };
}

/** What others have packed is there by its digest too. */
function adoptedImages({ artifacts }: Adopted): Reference[] {
  return artifacts.flatMap((artifact) => {
    if (kindOf(artifact) === "chart") return [];
    const { reference, root } = artifact;
    return [{ ...parseReference(reference), digest: root.descriptor.digest }];
  });
}

function refuseDoubles(kind: string, names: readonly string[]): void {
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double === undefined) return;
  throw new DrayError("DRAY_RECIPE_AMBIGUOUS", `Cannot pack ${kind} ${double}: it is named twice`, {
    kind: "usage",
  });
}

async function adoptAll(
  { from, names, platforms }: Recipe,
  created: Date,
  { foreign, includeNonDistributable }: GatherOptions,
): Promise<Adopted> {
  const options = { names, platforms, created, includeNonDistributable, isNameNeeded: true };
  const adopted = await adopt(foreign, options);
  if (hasErrors(adopted.findings)) throw new BundleRefused(from.join(", "), adopted.findings);
  return adopted;
}

/** The same thing may come from two places, but a name means one thing. */
function refuseTwoMeanings({ images, charts, adopted }: Ingredients): void {
  const resolved = new Map(
    [...images, ...charts.map(({ artifact }) => artifact)].map(({ name, root }) => [name, root]),
  );
  for (const { reference, root } of adopted.artifacts) {
    const other = resolved.get(reference)?.descriptor.digest;
    if (other === undefined || other === root.descriptor.digest) continue;
    throw new DrayError(
      "DRAY_RECIPE_AMBIGUOUS",
      `Cannot pack ${reference}: it is ${other} in its registry and ${root.descriptor.digest} in what others have packed`,
      { kind: "usage", hint: "Leave one out, or give it another name with --name." },
    );
  }
}

function refuseNonDistributable(
  resolved: readonly Resolved[],
  { includeNonDistributable }: GatherOptions,
): void {
  if (includeNonDistributable) return;
  for (const { name, graph } of resolved) {
    const found = graph.findings.find(({ code }) => code === "LAYER_NOT_DISTRIBUTABLE");
    if (found === undefined) continue;
    throw new DrayError("DRAY_LAYER_NOT_DISTRIBUTABLE", `Cannot pack ${name}: ${found.message}`, {
      hint: "If you may carry it, pack it with --include-nondistributable.",
    });
  }
}

function empty(): DrayError {
  return new DrayError("DRAY_RECIPE_EMPTY", "Cannot pack a bundle: nothing to put into it", {
    kind: "usage",
    hint: "Name images, charts or files, in a bundle.yaml or with --image, --chart, --file, --from.",
  });
}
