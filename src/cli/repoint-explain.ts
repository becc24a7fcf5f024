import type { PresentImage, RepointReport } from "../index.ts";
import type { MapFlags } from "./map-flags.ts";
import { formatTable, paragraphs } from "./table.ts";

/** An image, and the chart that names it. */
export interface ExplainedImage extends PresentImage {
  readonly chart: { readonly name: string; readonly version: string };
}

/** What --json prints of them. */
export interface ExplainedImages {
  readonly explained: readonly ExplainedImage[];
}

/**
 * The images that are called `wanted`, before or behind, or that have it in their name.
 * @throws DrayError `DRAY_IMAGE_NOT_FOUND`
 */
export async function explain(
  wanted: string,
  { charts }: RepointReport,
): Promise<ExplainedImage[]> {
  const { DrayError } = await import("../index.ts");
  const all = charts.flatMap(({ chart, images }) => images.map((one) => ({ ...one, chart })));
  const exact = all.filter((one) => namesOf(one).includes(wanted));
  const found =
    exact.length > 0
      ? exact
      : all.filter((one) => wanted !== "" && namesOf(one).some((name) => name.includes(wanted)));
  if (found.length > 0) return found;
  throw new DrayError(
    "DRAY_IMAGE_NOT_FOUND",
    `Cannot explain ${JSON.stringify(wanted)}: none of the ${all.length} images of these charts is called so`,
    {
      kind: "usage",
      hint: "With other values there may be others: give those that you install with.",
    },
  );
}

function namesOf({ image, target, now = "" }: PresentImage): string[] {
  return [image, target, now];
}

export function formatExplained(
  images: readonly ExplainedImage[],
  { target }: RepointReport,
  { map, mapFile, rules = [] }: MapFlags,
): string {
  const ruled = mapFile === undefined && rules.length === 0 ? "" : " and rules of your own";
  return paragraphs(
    images.map((one) =>
      formatTable([
        ["image", one.image],
        ["chart", `${one.chart.name} ${one.chart.version}`],
        ...one.places.map((place) => ["named in", placeOf(place)]),
        ...one.when.map((setting) => ["only with", setting]),
        ["map", `${map}${ruled}, to ${target}`],
        ["new name", one.target],
        ["by values", one.by.length === 0 ? "none" : one.by.join(", ")],
        ["becomes", one.now ?? "not known: no rendering shows it"],
        ["in the bundle", one.isCarried ? "yes" : "no"],
        ["at the target", one.presence],
      ]),
    ),
  );
}

/** `templates/web.yaml:6, Deployment/web, container main` */
export function placeOf({
  file,
  line,
  object,
  where,
}: PresentImage["places"][number] = {}): string {
  const at = line === undefined ? file : `${file}:${line}`;
  return [at, object, where].filter((one) => one !== undefined).join(", ");
}
