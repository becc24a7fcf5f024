import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { readChart } from "../src/chart/read-chart.ts";
import { loadChartArchive, loadChartFiles } from "../src/chart/load-chart.ts";
import type { Chart } from "../src/chart/chart.ts";
import { defaults } from "../src/defaults.ts";
import { discoverImages } from "../src/discover/discover-images.ts";
import { isNeeded } from "../src/discover/discovery.ts";
import { openHelmRenderer, type HelmRenderer } from "../src/discover/helm-binary.ts";
import { DrayError } from "../src/errors.ts";
import { DEFAULT_KUBE_VERSION } from "../src/helm/render/capabilities.ts";
import { isList, type Dict, type Value } from "../src/helm/template/value.ts";
import { formatPath, lookUp, setAt, type ValuesPath } from "../src/helm/values/path.ts";
import { formatReference, parseReference } from "../src/oci/reference.ts";
import { splitDocuments } from "../src/yaml/places.ts";
import { readYaml } from "../src/yaml/read.ts";

/**
 * Turns switches of charts at random and compares what helm installs with what dray says these values
 * need: `npm run compare:helm -- DIR [--sets 5] [--seed 1] [--only TEXT] [--helm PATH]`.
 */
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sets: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    helm: { type: "string" },
  },
});

/** Switches turned in one set of values. */
const MAX_TURNED = 4;

interface Counts {
  charts: number;
  renderings: number;
  refused: number;
  images: number;
  silent: number;
  said: number;
}

const counts: Counts = { charts: 0, renderings: 0, refused: 0, images: 0, silent: 0, said: 0 };

async function main(): Promise<void> {
  const [directory] = positionals;
  const helm = flags.helm ?? (await defaults().helm());
  if (directory === undefined || helm === undefined) {
    throw new Error("usage: compare:helm -- DIR [--helm PATH], with a helm on PATH or named");
  }
  const names = (await readdir(directory)).filter((name) => name.includes(flags.only)).toSorted();
  for (const name of names) {
    const chart = await load(join(directory, name));
    if (chart !== undefined) await compareChart(name, chart, helm);
  }
  console.log(
    `${counts.charts} charts, ${counts.renderings} renderings (and ${counts.refused} that helm refused), ` +
      `${counts.images} images: ${counts.silent} missed in silence, ${counts.said} missed and said to be incomplete`,
  );
  if (counts.silent > 0) process.exitCode = 1;
}

/** Undefined for what is no chart that can be installed. */
async function load(path: string): Promise<Chart | undefined> {
  try {
    const chart = path.endsWith(".tgz")
      ? await loadChartArchive(await readFile(path), path)
      : await loadChartFiles((await readChart(path)).files, path);
    return chart.metadata.type === "library" ? undefined : chart;
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return undefined;
  }
}

async function compareChart(name: string, chart: Chart, helm: string): Promise<void> {
  counts.charts++;
  const switches = switchesOf(chart, []);
  const random = randomFrom(`${flags.seed} ${name}`);
  const renderer = await openHelmRenderer(chart, { helm, kubeVersion: DEFAULT_KUBE_VERSION });
  try {
    for (let set = 0; set < Number(flags.sets); set++) {
      const turned = set === 0 ? [] : pick(switches, random);
      await compareSet(name, { chart, renderer, turned });
    }
  } finally {
    await renderer.close();
  }
}

interface Turned {
  readonly path: ValuesPath;
  readonly value: boolean;
}

async function compareSet(
  name: string,
  { chart, renderer, turned }: { chart: Chart; renderer: HelmRenderer; turned: readonly Turned[] },
): Promise<void> {
  const given: Dict = new Map();
  for (const { path, value } of turned) setAt(given, path, value);
  let printed: string;
  try {
    printed = await renderer.render(given);
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    counts.refused++;
    return;
  }
  counts.renderings++;
  const discovery = await discoverImages(chart, {
    values: [given],
    kubeVersion: DEFAULT_KUBE_VERSION,
  });
  const needed = new Set(discovery.images.filter(isNeeded).map(({ image }) => image));
  const all = new Set(discovery.images.map(({ image }) => image));
  const shown = turned.map(({ path, value }) => `${formatPath(path)}=${String(value)}`).join(",");
  for (const { image, isTest } of installedIn(printed)) {
    counts.images++;
    if (isTest ? all.has(image) : needed.has(image)) continue;
    if (discovery.complete) counts.silent++;
    else counts.said++;
    const how = discovery.complete ? "SILENT" : "said";
    console.log(`${how} ${name} ${image} --set ${shown === "" ? "nothing" : shown}`);
  }
}

/** Booleans in the values of a chart and of those in it. */
function switchesOf(chart: Chart, path: ValuesPath): Turned[] {
  const own = booleansIn(chart.values, path);
  const names = (name: string): string[] => {
    const asked = chart.dependencies.filter((one) => one.name === name);
    return asked.length === 0 ? [name] : asked.map((one) => one.alias ?? one.name);
  };
  const inner = chart.subcharts.flatMap((one) =>
    names(one.metadata.name).flatMap((as) => switchesOf(one, [...path, as])),
  );
  const known = new Set(own.map((one) => one.path.join("\0")));
  return [...own, ...inner.filter((one) => !known.has(one.path.join("\0")))];
}

function booleansIn(values: Value, path: ValuesPath): Turned[] {
  if (typeof values === "boolean") return [{ path, value: !values }];
  if (!(values instanceof Map)) return [];
  return [...values].flatMap(([key, value]) => booleansIn(value, [...path, key]));
}

/** Switches high up decide on more. */
function pick(switches: readonly Turned[], random: () => number): Turned[] {
  const weighted = switches.flatMap((one) => (one.path.length < 3 ? [one, one, one] : [one]));
  const count = 1 + Math.floor(random() * MAX_TURNED);
  const picked = Array.from(
    { length: count },
    () => weighted[Math.floor(random() * weighted.length)],
  );
  return picked.filter((one) => one !== undefined);
}

/** The same numbers for the same text. */
function randomFrom(text: string): () => number {
  let state = 2_166_136_261;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Installed {
  readonly image: string;
  /** Only `helm test` runs it. */
  readonly isTest: boolean;
}

/** The images of all containers that helm printed, read without what dray has for it. */
function installedIn(printed: string): Installed[] {
  const found = new Map<string, Installed>();
  for (const { text } of splitDocuments(printed)) {
    if (!/containers/i.test(text)) continue;
    const object = readYaml(text, "what helm printed");
    const hook = lookUp(object, ["metadata", "annotations", "helm.sh/hook"]);
    const isTest = typeof hook === "string" && hook.startsWith("test");
    if (lookUp(object, ["kind"]) === "CustomResourceDefinition") continue;
    for (const image of imagesBelow(object)) {
      const name = normalized(image);
      if (name !== undefined && found.get(name)?.isTest !== false)
        found.set(name, { image: name, isTest });
    }
  }
  return [...found.values()];
}

function imagesBelow(value: Value): string[] {
  if (typeof value === "object" && isList(value)) return value.flatMap(imagesBelow);
  if (!(value instanceof Map)) return [];
  return [...value].flatMap(([key, item]) => {
    const isContainers = /^(?:c|initC|ephemeralC)ontainers$/.test(key) && isList(item);
    const own = isContainers ? item.map((one) => lookUp(one, ["image"])) : [];
    return [...own.filter((image) => typeof image === "string"), ...imagesBelow(item)];
  });
}

/** Undefined for what no runtime would take, such as istio's `auto`. */
function normalized(image: string): string | undefined {
  try {
    return image === "auto" ? undefined : formatReference(parseReference(image));
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return undefined;
  }
}

await main();
