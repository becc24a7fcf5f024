import { loadBundledCharts, requireOneChart } from "../bundle/charts.ts";
import type { BundleArtifact } from "../bundle/format.ts";
import { requireUsable, type BundleIdentity, type UsableBundle } from "../bundle/opened.ts";
import { settledKinds, skippedImages } from "../bundle/skipped.ts";
import type { Chart } from "../chart/chart.ts";
import { CarriedImages } from "../delivery/carried.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { nameAt, type Destination } from "../delivery/names.ts";
import { formatTarget, parseTarget } from "../delivery/plan.ts";
import { presenceByAsking, presenceByReceipt, type Presences } from "../delivery/presence.ts";
import { readReceipt } from "../delivery/receipt-file.ts";
import type { NodeRuntime } from "../delivery/target-file.ts";
import { toFinding } from "../discover/discovery.ts";
import type { DiscoverySettings } from "../discover/find-images.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import type { Finding } from "../finding.ts";
import { isGiven, type ValueSet } from "../helm/values/user-values.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { fileNameOf, namedSets, type NamedSet } from "../repoint/file-names.ts";
import { installLine } from "../repoint/install-line.ts";
import { mappingText, movedImages } from "../repoint/mapping-file.ts";
import { TargetNames } from "../repoint/names.ts";
import { aboutLeft, addNodeFiles } from "../repoint/node-folder.ts";
import { aboutLogin, writePullSecrets, type PullSecretWish } from "../repoint/pull-secret-file.ts";
import { OutputFolder } from "../repoint/output-folder.ts";
import {
  isOutside,
  lacking,
  toProof,
  type ChartProof,
  type PresentImage,
} from "../repoint/proof-file.ts";
import { repointChart, type Repointed } from "../repoint/repoint-chart.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface RepointOptions extends BundleOptions {
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  /** How names change on the way there, as a push has it. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  /** Directory that the files are written to. @default nothing is written */
  readonly output?: string | undefined;
  /** How images are looked for. */
  readonly discovery?: DiscoverySettings | undefined;
  /** `NAME` or `NAME:VERSION` of the one chart to repoint. @default all of them */
  readonly chart?: string | undefined;
  /** Values of the user; each set gets a file of its own. @default one empty set */
  readonly valueSets?: readonly ValueSet[] | undefined;
  /** Leave alone what these values do not pull. @default false */
  readonly neededOnly?: boolean | undefined;
  /** The secret that every workload is to pull with. */
  readonly pullSecret?: PullSecretWish | undefined;
  /** What pulls on the nodes: configuration that leads it to the target is written. @default none */
  readonly nodes?: readonly NodeRuntime[] | undefined;
  /** File that a push has written: what it brought is there. */
  readonly receipt?: string | undefined;
  /** Ask the registry what it has. */
  readonly ask?: RegistryAccess | undefined;
}

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
  /** What there is to say of the bundle itself, of the secret and of nodes. */
  readonly findings: readonly Finding[];
}

/** A chart with one set of values. */
export interface RepointedChart extends ChartProof {
  readonly valuesFile: string;
  readonly proofFile: string;
  /** What to type. */
  readonly install: string;
  readonly good: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Writes for each chart of a bundle the values with which it pulls its images from the target, and
 * the proof: what each image is called in a rendering with these values. Opens no connection unless
 * it is told to ask.
 *
 * @throws BundleRefused, DrayError `DRAY_TARGET_INVALID`, `DRAY_CHART_MISSING`,
 * `DRAY_CHART_AMBIGUOUS`, `DRAY_OUTPUT_REFUSED`
 */
export async function repoint(
  options: RepointOptions,
  runOptions: RunOptions = {},
): Promise<RepointReport> {
  const run = startRun(runOptions);
  const destination = { target: parseTarget(options.target), mapping: options.mapping ?? {} };
  const names = new TargetNames(destination);
  const folder = new OutputFolder(options.output);
  await folder.prepare();
  return withBundle({ ...options, content: "readable" }, run, async (opened) => {
    const bundle = requireUsable(options.path, opened);
    const loaded = await loadBundledCharts(bundle, options.chart);
    if (options.valueSets?.some(isGiven) === true) requireOneChart(loaded, "repoint");
    const work: Work = { options, destination, names, bundle, folder, run };
    const charts: RepointedChart[] = [];
    for (const chart of loaded) {
      const file = fileNameOf(chart, loaded);
      for (const one of namedSets(options.valueSets, file)) {
        charts.push(await repointOne(chart, one, work));
      }
    }
    const moved = movedImages([...imagesOf(bundle), ...charts.flatMap(namesIn)], names);
    const nodes = addNodeFiles(options.nodes, moved, folder);
    const mappingFile = folder.add("mapping.json", mappingText(moved));
    const pullSecretFile = addPullSecret(options.pullSecret, work);
    await folder.writeAll();
    const { name, version } = bundle.contents;
    return {
      bundle: { name, version, digest: bundle.bundleDigest, path: options.path },
      target: formatTarget(destination.target),
      charts,
      good: charts.every(({ good }) => good),
      pullSecretFile,
      mappingFile,
      nodeFiles: nodes.paths,
      findings: [
        ...bundle.findings,
        ...aboutLogin(options.pullSecret, destination),
        ...nodes.left.map(aboutLeft),
      ],
    };
  });
}

function imagesOf({ contents }: UsableBundle): string[] {
  return contents.artifacts
    .filter(({ kind }) => kind === "image")
    .map(({ reference }) => reference);
}

function namesIn({ images }: RepointedChart): string[] {
  return images.map(({ image }) => image);
}

function addPullSecret(
  wish: PullSecretWish | undefined,
  { folder, destination }: Work,
): string | undefined {
  if (wish?.login === undefined) return undefined;
  const { registry } = destination.target;
  const text = writePullSecrets(wish.name, wish.namespaces, { registry, login: wish.login });
  return folder.add("pull-secret.yaml", text, { isSecret: true });
}

interface Work {
  readonly options: RepointOptions;
  readonly destination: Destination;
  readonly names: TargetNames;
  readonly bundle: UsableBundle;
  readonly folder: OutputFolder;
  readonly run: Run;
}

async function repointOne(
  chart: Chart,
  { valueSet, file }: NamedSet,
  work: Work,
): Promise<RepointedChart> {
  const { options, names, bundle, folder, run } = work;
  const { neededOnly = false, discovery = {} } = options;
  const settings = { ...discovery, settled: settledKinds(bundle.contents) };
  const pullSecret = options.pullSecret?.name;
  const wishes = { names, valueSet, settings, neededOnly, pullSecret };
  const found = await repointChart(chart, wishes, run);
  const presences = await presenceOf(found, work);
  const carried = new CarriedImages(bundle.contents.artifacts, bundle.graph, work.destination);
  const proof = toProof(chart, found, {
    pullSecret,
    target: formatTarget(work.destination.target),
    presenceOf: (target) => presences.get(target) ?? "not asked",
    carries: (image) => carried.problemWith(parseReference(image), []) === undefined,
  });
  const valuesFile = folder.add(`${file}.values.yaml`, found.text);
  const proofFile = folder.add(`${file}.proof.json`, `${JSON.stringify(proof, null, 2)}\n`);
  const { images, problems } = proof;
  const skipped = skippedImages(bundle.contents);
  return {
    ...proof,
    valuesFile,
    proofFile,
    install: installLine({
      chart,
      repository: chartRepository(chart, work),
      valueSet,
      release: discovery,
      valuesFile,
    }),
    good: problems.length === 0 && !images.some(isOutside) && lacking(proof).length === 0,
    findings: [
      ...found.discovery.unknowns.map(toFinding),
      ...images.filter(({ image }) => !skipped.has(image)).flatMap(notCarried),
    ],
  };
}

/** The images that are there, as far as somebody knows. */
async function presenceOf(
  { images }: Repointed,
  { options: { receipt, ask }, run }: Work,
): Promise<Presences> {
  const wanted = new Map<string, Reference>(
    images.map(({ target }) => [target, parseReference(target)]),
  );
  if (ask !== undefined) return presenceByAsking([...wanted.values()], ask, run);
  if (receipt === undefined) return new Map();
  return presenceByReceipt([...wanted.values()], await readReceipt(receipt));
}

/** `registry/repository` of the chart at the target. */
function chartRepository(
  { metadata: { name, version } }: Chart,
  { bundle, destination }: Work,
): string {
  const artifact = bundle.contents.artifacts.find(
    (one: BundleArtifact) => one.kind === "chart" && one.name === name && one.version === version,
  );
  if (artifact === undefined) throw new Error("a chart that was loaded is one of the artifacts");
  return `${destination.target.registry}/${nameAt(artifact, destination).repository}`;
}

/** What the bundle does not bring has to come to the target another way. */
function notCarried({ image, presence, isCarried, class: kind }: PresentImage): Finding[] {
  if (isCarried || presence === "there") return [];
  const isNeeded = kind === "needed" || kind === "hook";
  return [
    {
      code: "IMAGE_NOT_CARRIED",
      severity: isNeeded ? "warning" : "info",
      message: `${image} is not in the bundle, and its new name says only where it would be`,
      entry: image,
      hint: "Pack it, or see to it that the target has it; --ask asks whether it does.",
    },
  ];
}
