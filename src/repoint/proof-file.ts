import type { Chart } from "../chart/chart.ts";
import type { TargetPresence } from "../delivery/presence.ts";
import { isNeeded } from "../discover/discovery.ts";
import { formatPath } from "../helm/values/path.ts";
import type { ProvenImage } from "./proof.ts";
import type { Repointed } from "./repoint-chart.ts";
import type { ProvenEgress } from "./egress/proven-egress.ts";
import type { ProvenPins } from "./pins/repins.ts";
import type { Workload } from "./workloads.ts";

/** What is written beside the values of a chart. docs/repoint.md */
export interface ChartProof {
  readonly proofVersion: 1;
  readonly chart: { readonly name: string; readonly version: string };
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  readonly values: readonly ProvenValue[];
  readonly images: readonly PresentImage[];
  /** The secret that workloads are to pull with, where one is asked for. */
  readonly pullSecret?: ProvenSecret;
  /** What was to go by its digest, or by its tag, and does not. */
  readonly pins?: ProvenPins;
  /** What these values let reach outside when it runs. */
  readonly egress: readonly ProvenEgress[];
  /** What could not be rendered, and why the chart refuses the values. */
  readonly problems: readonly string[];
}

export interface ProvenSecret {
  readonly name: string;
  /** Each value, and the objects that lack the secret without it. */
  readonly values: readonly { readonly path: string; readonly serves: readonly string[] }[];
  readonly workloads: readonly Workload[];
}

/** A value, and what it is good for. */
export interface ProvenValue {
  /** `grafana.image.registry`; an item of a list goes by its index. */
  readonly path: string;
  /** Images that point outside without it; none for one without which the chart refuses the others. */
  readonly moves: readonly string[];
  /** Images whose digest is another without it, or none. */
  readonly pins?: readonly string[];
}

export interface PresentImage extends ProvenImage {
  /** Whether the target has it under its new name. */
  readonly presence: TargetPresence;
  /** True if the bundle has it. */
  readonly isCarried: boolean;
}

export function toProof(
  { metadata: { name, version } }: Chart,
  { edits, secretEdits, workloads, images, egress, problems }: Repointed,
  known: {
    readonly pullSecret: string | undefined;
    readonly pins: ProvenPins | undefined;
    readonly target: string;
    readonly presenceOf: (target: string) => TargetPresence;
    readonly carries: (image: string) => boolean;
  },
): ChartProof {
  return {
    proofVersion: 1,
    chart: { name, version },
    target: known.target,
    values: edits.map(({ path, moves, pins }) => ({
      path: formatPath(path),
      moves,
      ...(pins.length > 0 && { pins }),
    })),
    images: images.map((one) => ({
      ...one,
      presence: known.presenceOf(one.target),
      isCarried: known.carries(one.image),
    })),
    ...(known.pullSecret !== undefined && {
      pullSecret: {
        name: known.pullSecret,
        values: secretEdits.map(({ path, serves }) => ({ path: formatPath(path), serves })),
        workloads,
      },
    }),
    ...(known.pins !== undefined && { pins: known.pins }),
    egress,
    problems,
  };
}

/** True if all that these values start has its secret, and what was to be pinned is. */
export function isAsWished(proof: ChartProof): boolean {
  const unpinned = proof.pins?.left.some(({ needed }) => needed) ?? false;
  return lacking(proof).length === 0 && !unpinned;
}

/** What these values start and what pulls without the secret. */
function lacking({ pullSecret }: ChartProof): readonly Workload[] {
  const started = pullSecret?.workloads.filter(
    ({ when, onlyTests }) => when.length === 0 && !onlyTests,
  );
  return started?.filter(({ hasSecret }) => !hasSecret) ?? [];
}

/** True for what the target was asked for and has not. */
function isMissing({ presence }: Pick<PresentImage, "presence">): boolean {
  return presence === "missing" || presence === "rewritten";
}

/** True for a needed image that a cluster would not get from the target. */
export function isOutside(image: PresentImage): boolean {
  return isNeeded(image) && (!image.moved || isMissing(image));
}
