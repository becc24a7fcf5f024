import type { Chart } from "../../src/chart/chart.ts";
import type { Mapping } from "../../src/delivery/mapping.ts";
import { parseTarget } from "../../src/delivery/plan.ts";
import { startRun } from "../../src/events.ts";
import { readUserValues } from "../../src/helm/values/user-values.ts";
import { openSchemas } from "../../src/helm/values/schema.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Repin } from "../../src/repoint/pins/pin-search.ts";
import { TargetNames } from "../../src/repoint/names.ts";
import { Renderer } from "../../src/repoint/rendering.ts";
import { repointChart, type Repointed } from "../../src/repoint/repoint-chart.ts";
import { makeChartOf, type ChartTexts } from "../../fixtures/charts.ts";

export const TARGET = "registry.internal:5000/mirror";

export interface Wishes {
  readonly mapping?: Mapping;
  /** Values of the user, as YAML. */
  readonly values?: string;
  readonly set?: readonly string[];
  readonly neededOnly?: boolean;
  readonly pullSecret?: string;
  /** The digest that each image is to have, by its name; undefined takes it away. */
  readonly pins?: Readonly<Record<string, Digest | undefined>>;
}

export async function repointTexts(texts: ChartTexts, wishes: Wishes = {}): Promise<Repointed> {
  return repointOf(await makeChartOf(texts), wishes);
}

export function repointOf(
  chart: Chart,
  { mapping = {}, values = "", set, neededOnly = false, pullSecret, pins }: Wishes = {},
): Promise<Repointed> {
  const names = new TargetNames({ target: parseTarget(TARGET), mapping });
  const valueSet = { files: [{ name: "given", text: values }], set };
  return repointChart(
    chart,
    { names, valueSet, settings: {}, neededOnly, pullSecret, repins: pins && repinsOf(pins) },
    startRun({}),
  );
}

function repinsOf(pins: NonNullable<Wishes["pins"]>): () => Promise<Repin> {
  return () =>
    Promise.resolve(({ image, target: { registry, repository, tag = "latest" } }) => {
      if (!(image in pins)) return undefined;
      const digest = pins[image];
      const name = { registry, repository, tag };
      return digest === undefined ? name : { ...name, digest };
    });
}

/** The lines of the file that are no comment. */
export function linesOf({ text }: Repointed): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.trimStart().startsWith("#"));
}

/** Images that a rendering with these values names, in the order of their names. */
export async function imagesWith(
  texts: ChartTexts,
  ...values: readonly string[]
): Promise<string[]> {
  const chart = await makeChartOf(texts);
  const files = values.map((text, index) => ({ name: `file ${index}`, text }));
  const renderer = new Renderer(chart, {
    settings: {},
    problemsWith: await (await openSchemas(chart)).ready(),
  });
  const { spots } = renderer.renderAll({ values: await readUserValues({ files }), apis: [] });
  return [...new Set([...spots.values()].map(({ image }) => image))].toSorted();
}
