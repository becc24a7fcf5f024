import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Chart } from "../src/chart/chart.ts";
import { loadChartFiles, readValues } from "../src/chart/load-chart.ts";
import { readChart } from "../src/chart/read-chart.ts";
import { defaults } from "../src/defaults.ts";
import { parseTarget } from "../src/delivery/plan.ts";
import { isNeeded } from "../src/discover/discovery.ts";
import { openHelmRenderer } from "../src/discover/helm-binary.ts";
import { imagesIn, type RenderedImage } from "../src/discover/rendered-images.ts";
import { DrayError } from "../src/errors.ts";
import { lay } from "../src/helm/values/set-json.ts";
import { startRun } from "../src/events.ts";
import type { YamlMap } from "../src/yaml/read.ts";
import { formatPath, lookUp } from "../src/helm/values/path.ts";
import { DEFAULT_KUBE_VERSION } from "../src/helm/render/capabilities.ts";
import { formatReference } from "../src/oci/reference.ts";
import { TargetNames } from "../src/repoint/names.ts";
import { repointChart, type Repointed } from "../src/repoint/repoint-chart.ts";

/**
 * Measures how much of charts is repointed: `npm run bench:repoint -- DIR [--helm PATH]`. DIR holds
 * charts, packed or as directories. Where helm is at hand it is the judge: it renders each chart with
 * the values found, and once more without each of those that needed images are said to need.
 */
const TARGET = "registry.internal:5000/mirror";
const SECRET = "bench-pull-secret";
const COLUMNS = [
  "chart",
  "images",
  "moved",
  "needed",
  "outside",
  "values",
  "idle",
  "pods",
  "seconds",
];

interface Score {
  readonly images: number;
  readonly moved: number;
  readonly needed: number;
  /** Needed images that the judge saw outside, and why nothing moves them. */
  readonly outside: readonly string[];
  readonly values: number;
  /** Values that could be left out. */
  readonly idle: readonly string[];
  readonly pods: number;
  readonly served: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  const [directory, ...rest] = process.argv.slice(2);
  if (directory === undefined) throw new Error("usage: bench:repoint -- DIR [--helm PATH]");
  const helm = rest[0] === "--helm" ? rest[1] : await defaults().helm();
  const rows: string[][] = [COLUMNS];
  const scores = new Map<string, Score>();
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() || entry.name.endsWith(".tgz"))
    .map(({ name }) => name);
  for (const name of names.toSorted()) {
    const score = await scoreOf(join(directory, name), helm);
    if (score === undefined) continue;
    scores.set(name, score);
    rows.push(toRow(name, score));
  }
  console.log(table(rows));
  console.log(
    helm === undefined ? "judged by dray's own rendering: no helm is there" : `judged by ${helm}`,
  );
  for (const [name, { outside, idle }] of scores) {
    for (const one of outside) console.log(`${name}: outside: ${one}`);
    for (const one of idle) console.log(`${name}: changes nothing: ${one}`);
  }
}

/** Undefined for what is no chart. */
async function scoreOf(path: string, helm: string | undefined): Promise<Score | undefined> {
  let chart: Chart;
  try {
    chart = await loadChartFiles((await readChart(path)).files, path);
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    console.log(`${path}: ${error.message}`);
    return undefined;
  }
  const names = new TargetNames({ target: parseTarget(TARGET), mapping: {} });
  const started = Date.now();
  const wishes = { names, valueSet: {}, settings: {}, neededOnly: false, pullSecret: SECRET };
  const found = await repointChart(chart, wishes, startRun({}));
  const seconds = (Date.now() - started) / 1000;
  const judged = helm === undefined ? ownJudgement(found) : await judge(chart, found, helm);
  const pods = found.workloads.filter(({ onlyTests, when }) => !onlyTests && when.length === 0);
  return {
    images: found.images.length,
    moved: found.images.filter(({ moved }) => moved).length,
    needed: found.images.filter(isNeeded).length,
    values: found.edits.length,
    pods: pods.length,
    served: pods.filter(({ hasSecret }) => hasSecret).length,
    seconds,
    ...judged,
  };
}

type Judgement = Pick<Score, "outside" | "idle">;

function ownJudgement({ images, edits }: Repointed): Judgement {
  const outside = images.filter((one) => isNeeded(one) && !one.moved);
  return {
    outside: outside.map(({ image, places: [place] }) => `${image} (${place?.file ?? ""})`),
    idle: edits.flatMap(({ path, moves }) => (moves.length === 0 ? [formatPath(path)] : [])),
  };
}

/** What helm says; a chart that it refuses as it is cannot be judged. */
async function judge(chart: Chart, found: Repointed, helm: string): Promise<Judgement> {
  const renderer = await openHelmRenderer(chart, { helm, kubeVersion: DEFAULT_KUBE_VERSION });
  const targets = new Set(found.images.map(({ target }) => target));
  const outsideWith = async (values: YamlMap): Promise<readonly RenderedImage[]> => {
    const text = await renderer.render(values);
    const { images } = imagesIn({ source: "helm", text, file: "" });
    const pulled = images.filter(({ evidence }) => evidence.class !== "suspect");
    return pulled.filter((one) => !targets.has(nameIn(one)));
  };
  const values = readValues(found.text, "the values found");
  try {
    const outside = await outsideWith(values);
    const needed = outside.filter(({ evidence }) => isNeeded(evidence));
    const idle: string[] = [];
    for (const { path } of neededEdits(found)) {
      const less = await outsideWith(without(values, path)).catch(() => undefined);
      // Without a setting that lifts a refusal helm renders nothing at all.
      if (less !== undefined && less.length <= outside.length) idle.push(formatPath(path));
    }
    return { outside: [...new Set(needed.map(nameIn))], idle };
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return { outside: [`not judged: ${error.message}`], idle: [] };
  } finally {
    await renderer.close();
  }
}

function nameIn({ sighting }: RenderedImage): string {
  return formatReference(sighting.image.reference);
}

/** Values of which these values' own images are said to need each; those of a list go together. */
function neededEdits({ edits, images }: Repointed): Repointed["edits"] {
  const needed = new Set(images.filter(isNeeded).map(({ image }) => image));
  return edits.filter(
    ({ moves, path }) =>
      (moves.length === 0 || moves.some((image) => needed.has(image))) &&
      path.every((key) => !/^\d+$/.test(key)),
  );
}

function without(values: YamlMap, path: readonly string[]): YamlMap {
  const copy: YamlMap = new Map();
  lay(copy, readValues(JSON.stringify(plain(values)), "values"));
  const above = lookUp(copy, path.slice(0, -1));
  if (above instanceof Map) above.delete(path.at(-1) ?? "");
  return copy;
}

function plain(value: unknown): unknown {
  if (value instanceof Map) {
    return Object.fromEntries(
      [...value].map(([key, item]: [unknown, unknown]) => [key, plain(item)]),
    );
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

function toRow(name: string, score: Score): string[] {
  const { images, moved, needed, outside, values, idle, pods, served, seconds } = score;
  return [
    name,
    String(images),
    images === 0 ? "" : `${((100 * moved) / images).toFixed(1)} %`,
    String(needed),
    String(outside.length),
    String(values),
    String(idle.length),
    `${served}/${pods}`,
    seconds.toFixed(1),
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ");
  return rows.map(line).join("\n");
}

await main();
