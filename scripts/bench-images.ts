import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import { discoverImages } from "../src/discover/discover-images.ts";
import type { Discovery } from "../src/discover/discovery.ts";
import { defaults } from "../src/defaults.ts";
import { openHelmRenderer } from "../src/discover/helm-binary.ts";
import type { Chart } from "../src/chart/chart.ts";
import { loadChartArchive } from "../src/chart/load-chart.ts";
import { DEFAULT_KUBE_VERSION } from "../src/helm/render/capabilities.ts";
import { renderChart } from "../fixtures/rendered-chart.ts";
import type { Dict } from "../src/helm/template/value.ts";
import { readUserValues } from "../src/helm/values/user-values.ts";
import { DrayError } from "../src/errors.ts";
import { formatReference, parseReference } from "../src/oci/reference.ts";

/**
 * Measures image discovery on charts whose images are known: `npm run bench:images -- DIR`. DIR holds
 * charts and an `expected.json`; `helm` is taken from PATH or `--helm PATH`.
 */
interface Expected {
  readonly chart: string;
  /** Values as `--set` takes them. */
  readonly set?: readonly string[];
  readonly neededByDefault: readonly string[];
  readonly optional: readonly string[];
  readonly mustNotReport?: readonly string[];
}

/** What a method reports. */
interface Reported {
  readonly needed: ReadonlySet<string>;
  readonly optional: ReadonlySet<string>;
  readonly suspect: ReadonlySet<string>;
  readonly seconds: number;
}

interface Score {
  readonly needed: readonly [number, number];
  readonly optional: readonly [number, number];
  /** Reported as needed though in neither list. */
  readonly wrong: readonly string[];
  readonly mustNot: readonly string[];
  readonly missed: readonly string[];
  readonly reported: number;
  readonly seconds: number;
}

const COLUMNS = ["chart", "needed", "optional", "wrongly needed", "must not", "seconds"];
const NOTHING: ReadonlySet<string> = new Set();

async function main(): Promise<void> {
  const [directory, ...rest] = process.argv.slice(2);
  if (directory === undefined) throw new Error("usage: bench:images -- DIR [--helm PATH]");
  const text = await readFile(join(directory, "expected.json"), "utf8");
  const expected = JSON.parse(text) as readonly Expected[];
  const helm = rest[0] === "--helm" ? rest[1] : await defaults().helm();
  await bench("without helm", expected, (one) => discover(directory, one, undefined));
  if (helm === undefined) console.log("\nwith helm: no helm on PATH, give --helm PATH\n");
  else await bench(`with ${helm}`, expected, (one) => discover(directory, one, helm));
  const printed = helm === undefined ? "dray's own rendering, as no helm is there" : helm;
  await bench(`seeds' method (grep image:) over ${printed}`, expected, (one) =>
    seedMethod(directory, one, helm),
  );
}

async function bench(
  title: string,
  expected: readonly Expected[],
  method: (one: Expected) => Promise<Reported>,
): Promise<void> {
  const rows: string[][] = [COLUMNS];
  const scores: Score[] = [];
  for (const one of expected) {
    const score = rate(one, await method(one));
    scores.push(score);
    rows.push(toRow(basename(one.chart), score));
  }
  rows.push(toRow("total", total(scores)));
  console.log(`\n${title}\n${table(rows)}`);
  for (const [index, score] of scores.entries()) {
    if (title.startsWith("with")) report(expected[index]?.chart ?? "", score);
  }
}

async function loadChart(path: string): Promise<Chart> {
  return loadChartArchive(await readFile(path), path);
}

async function discover(
  directory: string,
  { chart: name, set }: Expected,
  helm: string | undefined,
): Promise<Reported> {
  const start = performance.now();
  const chart = await loadChart(join(directory, name));
  const discovery = await discoverImages(chart, { helm, values: [await readUserValues({ set })] });
  const seconds = (performance.now() - start) / 1000;
  const ofClass = (...classes: readonly string[]): ReadonlySet<string> =>
    new Set(imagesOf(discovery, classes));
  return {
    needed: ofClass("needed", "hook"),
    optional: ofClass("optional"),
    suspect: ofClass("suspect"),
    seconds,
  };
}

function imagesOf(discovery: Discovery, classes: readonly string[]): string[] {
  return discovery.images.filter((one) => classes.includes(one.class)).map(({ image }) => image);
}

/** `grep image: | sed -E 's/^.*image: ['"]?([^'"]*)['"]?.*$/\\1/'`, in whatever it stands. */
async function seedMethod(
  directory: string,
  { chart: name, set }: Expected,
  helm: string | undefined,
): Promise<Reported> {
  const start = performance.now();
  const chart = await loadChart(join(directory, name));
  const values = await readUserValues({ set });
  const text =
    helm === undefined ? ownRendering(chart, values) : await helmRendering(chart, values, helm);
  const lines = text.split("\n").filter((line) => line.includes("image:"));
  const found = lines.map((line) => line.replace(/^.*image: ['"]?([^'"]*)['"]?.*$/, "$1"));
  const seconds = (performance.now() - start) / 1000;
  return { needed: normalized(found), optional: NOTHING, suspect: NOTHING, seconds };
}

function ownRendering(chart: Chart, values: Dict): string {
  return renderChart(chart, { values })
    .map(({ text }) => text)
    .join("\n");
}

async function helmRendering(chart: Chart, values: Dict, helm: string): Promise<string> {
  const renderer = await openHelmRenderer(chart, { helm, kubeVersion: DEFAULT_KUBE_VERSION });
  try {
    return await renderer.render(values);
  } catch (error) {
    if (error instanceof DrayError) return "";
    throw error;
  } finally {
    await renderer.close();
  }
}

function rate(expected: Expected, reported: Reported): Score {
  const needed = normalized(expected.neededByDefault);
  const optional = normalized(expected.optional);
  const all = new Set([...reported.needed, ...reported.optional]);
  const isListed = (image: string): boolean => needed.has(image) || optional.has(image);
  const forbidden = normalized(expected.mustNotReport ?? []);
  const missed = [
    ...[...needed].filter((one) => !reported.needed.has(one)),
    ...[...optional].filter((one) => !all.has(one)),
  ];
  return {
    needed: [count(needed, reported.needed), needed.size],
    optional: [count(optional, all), optional.size],
    wrong: [...reported.needed].filter((image) => !isListed(image)),
    mustNot: [...all, ...reported.suspect].filter((image) => forbidden.has(image)),
    missed,
    reported: reported.needed.size,
    seconds: reported.seconds,
  };
}

function count(wanted: ReadonlySet<string>, found: ReadonlySet<string>): number {
  return [...wanted].filter((image) => found.has(image)).length;
}

/** Texts that are no reference stay as they are. */
function normalized(images: readonly string[]): ReadonlySet<string> {
  return new Set(images.map(normalize));
}

function normalize(image: string): string {
  try {
    return formatReference(parseReference(image));
  } catch (error) {
    if (error instanceof DrayError) return image;
    throw error;
  }
}

function total(scores: readonly Score[]): Score {
  const sum = (of: (score: Score) => number): number =>
    scores.reduce((all, one) => all + of(one), 0);
  return {
    needed: [sum((one) => one.needed[0]), sum((one) => one.needed[1])],
    optional: [sum((one) => one.optional[0]), sum((one) => one.optional[1])],
    wrong: scores.flatMap((one) => one.wrong),
    mustNot: scores.flatMap((one) => one.mustNot),
    missed: [],
    reported: sum((one) => one.reported),
    seconds: sum((one) => one.seconds),
  };
}

function toRow(name: string, score: Score): string[] {
  const share = ([found, all]: readonly [number, number]): string =>
    all === 0 ? "-" : `${found}/${all} ${percent(found, all)}`;
  const wrong = `${score.wrong.length} ${percent(score.wrong.length, score.reported)}`;
  return [
    name,
    share(score.needed),
    share(score.optional),
    wrong,
    String(score.mustNot.length),
    score.seconds.toFixed(2),
  ];
}

function percent(part: number, all: number): string {
  return all === 0 ? "" : `${((100 * part) / all).toFixed(1)}%`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_name, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function report(chart: string, { missed, wrong, mustNot }: Score): void {
  for (const image of missed) console.log(`  ${chart}: missed ${image}`);
  for (const image of wrong) console.log(`  ${chart}: wrongly needed ${image}`);
  for (const image of mustNot) console.log(`  ${chart}: must not be reported ${image}`);
}

await main();
