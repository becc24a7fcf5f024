import { loadBundledCharts, requireOneChart } from "../bundle/charts.ts";
import type { BundleIdentity, UsableBundle } from "../bundle/opened.ts";
import type { Chart } from "../chart/chart.ts";
import type { Destination } from "../delivery/names.ts";
import { formatTarget } from "../delivery/plan.ts";
import type { Run } from "../events.ts";
import type { Finding } from "../finding.ts";
import { isGiven, readUserValues } from "../helm/values/user-values.ts";
import { fileNameOf, namedSets } from "./file-names.ts";
import { addKustomization } from "./gitops/git-files.ts";
import { mappingText, movedImages } from "./mapping-file.ts";
import { TargetNames } from "./names.ts";
import { aboutLeft, addNodeFiles } from "./node-folder.ts";
import { OutputFolder } from "./output-folder.ts";
import { aboutLogin, writePullSecrets } from "./pull-secret-file.ts";
import {
  repointBundled,
  type AskPresence,
  type ChartWork,
  type RepointedChart,
} from "./repoint-bundled.ts";
import type { RepointTerms } from "./repoint-terms.ts";

export interface RepointReport {
  readonly bundle: BundleIdentity;
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  readonly charts: readonly RepointedChart[];
  /** True if every needed image comes from the target, none is missing there, and all have the secret. */
  readonly good: boolean;
  /** The file with the secret, if one was written. */
  readonly pullSecretFile: string | undefined;
  /** Each image of the bundle and of its charts, and what the target calls it. */
  readonly mappingFile: string;
  /** Configuration of nodes. */
  readonly nodeFiles: readonly string[];
  /** What controllers take that install from Git. */
  readonly gitFiles: readonly string[];
  /** Configuration of nodes that an earlier run has written, and this one no more. */
  readonly removed: readonly string[];
  /** True if none of these files was written, or removed. */
  readonly dryRun: boolean;
  /** What there is to say of the bundle itself, of the secret and of nodes. */
  readonly findings: readonly Finding[];
}

/** What is known before anything is rendered, or sent. */
export interface PreparedRepoint {
  readonly terms: RepointTerms;
  readonly destination: Destination;
  readonly names: TargetNames;
  readonly folder: OutputFolder;
  readonly bundle: UsableBundle;
  readonly charts: readonly Chart[];
}

/**
 * Refuses everything that is wrong with a wish before any work is done for it.
 * @throws DrayError `DRAY_TARGET_INVALID`, `DRAY_CHART_MISSING`, `DRAY_CHART_AMBIGUOUS`,
 * `DRAY_OUTPUT_REFUSED`, or for values that cannot be read
 */
export async function prepareRepoint(
  terms: RepointTerms,
  destination: Destination,
  bundle: UsableBundle,
): Promise<PreparedRepoint> {
  const names = new TargetNames(destination);
  const charts = await loadBundledCharts(bundle, terms.chart);
  const { valueSets = [] } = terms;
  if (valueSets.some(isGiven)) requireOneChart(charts, "repoint");
  for (const set of valueSets) await readUserValues(set);
  const { output, dryRun = false } = terms;
  const folder = new OutputFolder(output, { dryRun });
  await folder.prepare();
  return { terms, destination, names, folder, bundle, charts };
}

/**
 * Writes for each chart of a bundle the values with which it pulls its images from the target, and
 * the proof: what each image is called in a rendering with these values.
 */
export async function repointBundle(
  prepared: PreparedRepoint,
  path: string,
  { ask, run }: { readonly ask: AskPresence; readonly run: Run },
): Promise<RepointReport> {
  const { terms, destination, names, folder, bundle } = prepared;
  const work: ChartWork = { ...prepared, ask, run, releases: [] };
  const charts: RepointedChart[] = [];
  for (const chart of prepared.charts) {
    for (const one of namedSets(terms.valueSets, fileNameOf(chart, prepared.charts))) {
      charts.push(await repointBundled(chart, one, work));
    }
  }
  const moved = movedImages([...imagesOf(bundle), ...charts.flatMap(namesIn)], names);
  const { nodes: runtimes, connection = {} } = terms;
  const nodes = addNodeFiles({ runtimes, connection }, moved, folder);
  const mappingFile = folder.add("mapping.json", mappingText(moved));
  const pullSecretFile = addPullSecret(prepared);
  const shared = addKustomization(work);
  await folder.writeAll();
  const removed = await folder.removeStale("nodes");
  const { name, version } = bundle.contents;
  return {
    bundle: { name, version, digest: bundle.bundleDigest, path },
    target: formatTarget(destination.target),
    charts,
    good: charts.every(({ good }) => good),
    pullSecretFile,
    mappingFile,
    nodeFiles: nodes.paths,
    gitFiles: [...charts.flatMap(({ gitFiles }) => gitFiles), ...shared],
    removed,
    dryRun: terms.dryRun === true,
    findings: [
      ...bundle.findings,
      ...aboutLogin(terms.pullSecret, destination),
      ...nodes.left.map(aboutLeft),
    ],
  };
}

function imagesOf({ contents }: UsableBundle): string[] {
  return contents.artifacts
    .filter(({ kind }) => kind === "image")
    .map(({ reference }) => reference);
}

function namesIn({ images }: RepointedChart): string[] {
  return images.map(({ image }) => image);
}

function addPullSecret({ terms, folder, destination }: PreparedRepoint): string | undefined {
  const wish = terms.pullSecret;
  if (wish?.login === undefined) return undefined;
  const { registry } = destination.target;
  const text = writePullSecrets(wish.name, wish.namespaces, { registry, login: wish.login });
  return folder.add("pull-secret.yaml", text, { isSecret: true });
}
