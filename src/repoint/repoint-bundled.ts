import type { BundleArtifact } from "../bundle/format.ts";
import type { UsableBundle } from "../bundle/opened.ts";
import { settledKinds, skippedImages } from "../bundle/skipped.ts";
import type { Chart } from "../chart/chart.ts";
import { CarriedImages } from "../delivery/carried.ts";
import { nameAt, type Destination } from "../delivery/names.ts";
import { formatTarget } from "../delivery/plan.ts";
import type { Presences, WantedDigest } from "../delivery/presence.ts";
import { isNeeded, toFinding } from "../discover/discovery.ts";
import type { Run } from "../events.ts";
import type { Finding } from "../finding.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { NamedSet } from "./file-names.ts";
import { addGitFiles } from "./gitops/git-files.ts";
import type { GitRelease } from "./gitops/git-release.ts";
import { installLine } from "./install-line.ts";
import type { TargetNames } from "./names.ts";
import type { OutputFolder } from "./output-folder.ts";
import { pinsLeft, repinsFor } from "./pins/repins.ts";
import {
  isAsWished,
  isOutside,
  toProof,
  type ChartProof,
  type PresentImage,
} from "./proof-file.ts";
import { repointChart } from "./repoint-chart.ts";
import type { RepointTerms } from "./repoint-terms.ts";
import type { Goal } from "./scene.ts";

/** Says of images whether the target has them; nothing of those that nobody asks for. */
export type AskPresence = (
  images: readonly Reference[],
  wanted?: WantedDigest,
) => Promise<Presences>;

/** A chart with one set of values. */
export interface RepointedChart extends ChartProof {
  readonly valuesFile: string;
  readonly proofFile: string;
  /** What to type. */
  readonly install: string;
  /** What controllers take instead, where it was wished for. */
  readonly gitFiles: readonly string[];
  readonly good: boolean;
  readonly findings: readonly Finding[];
}

/** What is the same for every chart of a bundle. */
export interface ChartWork {
  readonly terms: RepointTerms;
  readonly destination: Destination;
  readonly names: TargetNames;
  readonly bundle: UsableBundle;
  readonly folder: OutputFolder;
  readonly ask: AskPresence;
  readonly run: Run;
  /** Releases for controllers, as they come. */
  readonly releases: GitRelease[];
}

/** Repoints one chart of a bundle, and keeps its files for when all are written. */
export async function repointBundled(
  chart: Chart,
  { valueSet, file }: NamedSet,
  work: ChartWork,
): Promise<RepointedChart> {
  const { terms, names, bundle, folder, run } = work;
  const { neededOnly = false, discovery = {}, connection: { plainHttp = false } = {} } = terms;
  // As the line that is printed installs it.
  const release = { ...discovery, name: discovery.name ?? chart.metadata.name };
  const settings = { ...release, settled: settledKinds(bundle.contents) };
  const pullSecret = terms.pullSecret?.name;
  const carried = new CarriedImages(bundle.contents.artifacts, bundle.graph, work.destination);
  const { ask } = work;
  const { pins } = terms;
  const repins = pins && ((goals: readonly Goal[]) => repinsFor(pins, goals, { carried, ask }));
  const wishes = { names, valueSet, settings, neededOnly, pullSecret, repins };
  const found = await repointChart(chart, wishes, run);
  // Who has pins cleared takes what the target has under the tag.
  const wanted: WantedDigest = (image) => (pins === "none" ? undefined : carried.digestOf(image));
  // Of a name without a tag nobody knows which image is pulled.
  const pulled = found.images.filter(({ class: kind }) => kind !== "suspect");
  const targets = pulled.map(({ target }) => parseReference(target));
  const presences = await ask(targets, wanted);
  const proof = toProof(chart, found, {
    pullSecret,
    pins: pins && pinsLeft(pins, pulled, { carried, presences }),
    target: formatTarget(work.destination.target),
    presenceOf: (target) => presences.get(target) ?? "not asked",
    carries: (image) => carried.problemWith(parseReference(image), []) === undefined,
  });
  const valuesFile = folder.add(`${file}.values.yaml`, found.text);
  const proofFile = folder.add(`${file}.proof.json`, `${JSON.stringify(proof, null, 2)}\n`);
  const { images, problems } = proof;
  const skipped = skippedImages(bundle.contents);
  const artifact = artifactOf(chart, bundle);
  const { registry } = work.destination.target;
  const repository = `${registry}/${nameAt(artifact, work.destination).repository}`;
  const parts = { file, release, artifact, repository, valueSet, valuesFile, text: found.text };
  return {
    ...proof,
    valuesFile,
    proofFile,
    install: installLine({ chart, repository, valueSet, release, valuesFile, plainHttp }),
    gitFiles: await addGitFiles(parts, work),
    good: problems.length === 0 && !images.some(isOutside) && isAsWished(proof),
    findings: [
      ...found.discovery.unknowns.map(toFinding),
      ...images.filter(({ image }) => !skipped.has(image)).flatMap(notCarried),
    ],
  };
}

function artifactOf(
  { metadata: { name, version } }: Chart,
  { contents }: UsableBundle,
): BundleArtifact {
  const artifact = contents.artifacts.find(
    (one: BundleArtifact) => one.kind === "chart" && one.name === name && one.version === version,
  );
  if (artifact === undefined) throw new Error("a chart that was loaded is one of the artifacts");
  return artifact;
}

/** What the bundle does not bring has to come to the target another way. */
function notCarried(image: PresentImage): Finding[] {
  if (image.isCarried || image.presence === "there") return [];
  return [
    {
      code: "IMAGE_NOT_CARRIED",
      severity: isNeeded(image) ? "warning" : "info",
      message: `${image.image} is not in the bundle, and its new name says only where it would be`,
      entry: image.image,
      hint: "Pack it, or see to it that the target has it; --ask asks whether it does.",
    },
  ];
}
