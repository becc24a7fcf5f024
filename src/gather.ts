import type { PlainFile } from "./bundle/contents.ts";
import type { ChartSources } from "./chart-sources.ts";
import { DrayError } from "./errors.ts";
import type { Digest } from "./oci/digest.ts";
import { formatReference } from "./oci/reference.ts";
import { obtainChart, type ObtainedChart } from "./obtain-chart.ts";
import { chartFiles, chartPath } from "./pack-charts.ts";
import { readPlainFile } from "./pack-files.ts";
import { formatChart } from "./recipe/chart-request.ts";
import type { Recipe } from "./recipe/recipe.ts";
import { resolveAll, tryEach, type Resolved, type ResolveRequest } from "./resolve.ts";

/** All that goes into a bundle, known in full before the first blob moves. */
export interface Ingredients {
  readonly images: readonly Resolved[];
  readonly charts: readonly ObtainedChart[];
  readonly files: readonly PlainFile[];
}

export interface GatherOptions extends ChartSources {
  readonly includeNonDistributable: boolean;
}

/**
 * Reads what is local and resolves what is not.
 * @throws DrayError `DRAY_RECIPE_EMPTY`, `DRAY_RECIPE_AMBIGUOUS`, `DRAY_LAYER_NOT_DISTRIBUTABLE`, and
 * whatever cannot be read or resolved
 */
export async function gather(recipe: Recipe, options: GatherOptions): Promise<Ingredients> {
  if (recipe.images.length + recipe.charts.length + recipe.files.length === 0) throw empty();
  const files: PlainFile[] = [];
  for (const file of recipe.files) files.push(await readPlainFile(file));
  refuseDoubles(
    "file",
    files.map(({ path }) => path.toLowerCase()),
  );
  const charts = await tryEach(
    recipe.charts.map((request) => ({ name: formatChart(request), request })),
    { ...options, attempt: ({ request }) => obtainChart(request, options) },
  );
  refuseDoubles(
    "chart",
    charts.map(({ chart }) => chartPath(chart.metadata)),
  );
  const images = await resolveAll(imageRequests(recipe), options);
  refuseNonDistributable(images, options);
  return { images, charts, files };
}

/** Bytes of everything, each blob once. */
export function totalBytes({ images, charts, files }: Ingredients): number {
  const sizes = new Map<Digest, number>();
  for (const { root } of [...images, ...charts.map(({ artifact }) => artifact)]) {
    for (const { digest, size } of root.blobs.values()) sizes.set(digest, size);
  }
  const plain = [...files, ...charts.flatMap((chart) => chartFiles(chart, chart.artifact.source))];
  const blobs = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return plain.reduce((sum, { descriptor }) => sum + descriptor.size, blobs);
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

function refuseDoubles(kind: string, names: readonly string[]): void {
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double === undefined) return;
  throw new DrayError("DRAY_RECIPE_AMBIGUOUS", `Cannot pack ${kind} ${double}: it is named twice`, {
    kind: "usage",
  });
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
    hint: "Name images, charts or files, in a bundle.yaml or with --image, --chart, --file.",
  });
}
