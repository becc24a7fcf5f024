import type { DiscoveredImage } from "../../discover/discovery.ts";
import type { DiscoverySettings } from "../../discover/find-images.ts";
import { obtainChart, type ObtainedChart } from "../charts/obtain-chart.ts";
import { formatChart } from "../recipe/chart-request.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { settledBy, skipOf } from "../recipe/skip.ts";
import { imagesLeft, imagesToAdd, searchCharts } from "../search-charts.ts";
import type { Sources } from "../sources.ts";
import { formatReference } from "../../oci/reference.ts";
import { failedCheck, type PreflightCheck } from "../../remote/preflight/host-table.ts";
import { refusalOf } from "../../remote/preflight/refusal.ts";
import type { Wanted } from "./check-sources.ts";

/** What a recipe asks for, as far as its charts could be had. */
export interface Gathered {
  readonly charts: readonly ObtainedChart[];
  readonly wanted: readonly Wanted[];
  /** Found in charts, and not packed. */
  readonly optional: readonly DiscoveredImage[];
  readonly checks: readonly PreflightCheck[];
}

/** Gets the charts and looks for their images; what cannot be had is noted, and stops nothing. */
export async function gatherWanted(
  recipe: Recipe,
  discovery: DiscoverySettings | undefined,
  sources: Sources,
): Promise<Gathered> {
  const checks: PreflightCheck[] = [];
  const charts: ObtainedChart[] = [];
  for (const request of recipe.charts) {
    const about = formatChart(request);
    const error = await refusalOf(async () => {
      charts.push(await obtainChart(request, sources));
    }, sources.run.signal);
    if (error !== undefined) checks.push(failedCheck("chart", error, about));
    else checks.push({ check: "chart", verdict: "ok", about, detail: "can be had" });
  }
  const byHand = recipe.images.map(({ reference }) => reference);
  const images = new Map(byHand.map((one) => [formatReference(one), one]));
  let optional: readonly DiscoveredImage[] = [];
  const settings = { ...discovery, settled: settledBy(recipe.skip) };
  const error = await refusalOf(async () => {
    const options = { discovery: settings, strictImages: false, byHand };
    const searched = await searchCharts(charts, options, sources);
    for (const { image, reference } of imagesToAdd(searched, byHand)) images.set(image, reference);
    optional = searched.flatMap((one) => imagesLeft(one, byHand));
  }, sources.run.signal);
  if (error !== undefined) checks.push(failedCheck("chart", error));
  const kept = [...images].filter(([, one]) => skipOf(recipe.skip, one) === undefined);
  return {
    charts,
    wanted: kept.map(([name, reference]) => ({ name, reference })),
    optional: optional.filter((one) => one.class === "optional"),
    checks,
  };
}
