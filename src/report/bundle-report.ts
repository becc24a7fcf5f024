import type { BundleArtifact, ContentsDocument, ListedFile } from "../bundle/format.ts";
import type { OpenedBundle } from "../bundle/opened.ts";
import type { Skipped } from "../bundle/skipped.ts";
import { byName, type LayoutGraph, type Root } from "../content/graph.ts";
import type { Finding } from "../finding.ts";
import type { Digest } from "../oci/digest.ts";
import { roleOf, type ReferrerRole } from "../oci/referrer.ts";
import type { Changes } from "./compare.ts";
import type { ReportedPush } from "./pushes.ts";
import { weigh, type Weight } from "./weights.ts";

/** All that is to be said of a bundle before it is taken in, on one page. */
export interface BundleReport {
  readonly schemaVersion: 1;
  /** When it was written, ISO 8601. */
  readonly written: string;
  /** The program that wrote it, with its version. */
  readonly generator: string;
  readonly bundle: ReportedBundle;
  /** `unsigned`: whole, but no trusted key has signed it. `refused`: an error is among the findings. */
  readonly verdict: "good" | "unsigned" | "refused";
  /** Trusted keys that have signed it, with the files that they were read from. */
  readonly signedBy: readonly { readonly id: string; readonly from: string }[];
  /** Images, and whatever else a registry holds and is no chart. */
  readonly images: readonly ReportedImage[];
  readonly charts: readonly ReportedChart[];
  readonly files: readonly ListedFile[];
  /** What is about something that is not in the bundle. */
  readonly otherReferrers: readonly ReportedReferrer[];
  /** Left out on purpose when it was packed. */
  readonly skipped: readonly Skipped[];
  readonly bytes: ContentBytes;
  readonly findings: readonly Finding[];
  /** What changed, where it was compared with another release. */
  readonly since?: Changes | undefined;
  readonly pushes: readonly ReportedPush[];
}

export interface ReportedBundle {
  /** As it was given. */
  readonly path: string;
  readonly form: string;
  /** Bytes of the file, 0 for a directory. */
  readonly size: number;
  /** SHA-256 of the list of sums. */
  readonly digest?: Digest | undefined;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly created?: string | undefined;
  readonly generator?: string | undefined;
  readonly isForeign: boolean;
}

export interface ReportedImage extends Weight {
  readonly kind: BundleArtifact["kind"];
  readonly reference: string;
  readonly digest: Digest;
  readonly platforms: readonly string[];
  /** The charts of the bundle that pull it, as they were packed; none: it was asked for by name. */
  readonly neededBy: readonly string[];
  readonly referrers: readonly ReportedReferrer[];
}

export interface ReportedReferrer {
  readonly role: ReferrerRole;
  readonly reference: string;
  readonly digest: Digest;
  readonly subject: Digest;
  readonly size: number;
}

export interface ReportedChart {
  readonly reference: string;
  readonly name: string;
  readonly version: string;
  readonly appVersion?: string | undefined;
  readonly digest: Digest;
  readonly size: number;
  /** What it pulls with the values that it was packed with; undefined where nobody has looked. */
  readonly images?: readonly string[] | undefined;
}

/** Bytes of content, each blob and file once. */
export interface ContentBytes {
  readonly total: number;
  readonly blobs: number;
  /** In more than one image. */
  readonly shared: number;
}

/** What is in a bundle, as far as it could be read. */
export type BundleContents = Pick<
  BundleReport,
  "images" | "charts" | "files" | "otherReferrers" | "skipped" | "bytes"
>;

export function describeContents({ contents, graph }: OpenedBundle): BundleContents {
  const { artifacts = [], files = [], skipped = [] }: Partial<ContentsDocument> = contents ?? {};
  const roots = byName(graph ?? { roots: [] });
  const referrers = artifacts.flatMap((one) => describeReferrer(one, roots));
  const lone = artifacts.filter(({ kind }) => kind === "image" || kind === "artifact");
  const charts = artifacts.filter(({ kind }) => kind === "chart").map(describeChart);
  const needs = neededBy(charts);
  const weights = weightsOf(lone, roots);
  const images = lone.map((artifact): ReportedImage => {
    const { kind, reference, digest, platforms = [], size } = artifact;
    const weight = weights.get(reference) ?? { size, own: size, sharedWith: [] };
    const blobs = roots.get(reference)?.blobs;
    const about = referrers.filter(
      ({ subject }) => subject === digest || blobs?.has(subject) === true,
    );
    const why = needs.get(reference) ?? [];
    return { kind, reference, digest, platforms, neededBy: why, ...weight, referrers: about };
  });
  const attached = new Set(images.flatMap((image) => image.referrers));
  const otherReferrers = referrers.filter((one) => !attached.has(one));
  const bytes = measure(images, files, graph);
  return { images, charts, files, otherReferrers, skipped, bytes };
}

function describeReferrer(
  artifact: BundleArtifact,
  roots: ReadonlyMap<string, Root>,
): ReportedReferrer[] {
  const { kind, subject, artifactType, reference, digest, size } = artifact;
  if (kind !== "referrer" || subject === undefined) return [];
  const annotations = roots.get(reference)?.manifest.annotations;
  const role = artifactType === undefined ? "referrer" : roleOf({ artifactType, annotations });
  return [{ role, reference, digest, subject, size }];
}

function describeChart(artifact: BundleArtifact): ReportedChart {
  const { reference, name = reference, version = "", appVersion, digest, size, images } = artifact;
  return { reference, name, version, appVersion, digest, size, images };
}

function neededBy(charts: readonly ReportedChart[]): ReadonlyMap<string, readonly string[]> {
  const needs = new Map<string, string[]>();
  for (const { name, version, images = [] } of charts) {
    for (const image of images) {
      needs.set(image, [...(needs.get(image) ?? []), `${name} ${version}`.trim()]);
    }
  }
  return needs;
}

function weightsOf(
  artifacts: readonly BundleArtifact[],
  roots: ReadonlyMap<string, Root>,
): ReadonlyMap<string, Weight> {
  const found = artifacts.flatMap(({ reference }) => roots.get(reference) ?? []);
  const weights = weigh(found);
  return new Map(
    found.flatMap(({ name = "" }, index) => {
      const weight = weights[index];
      return weight === undefined ? [] : [[name, weight] as const];
    }),
  );
}

function measure(
  images: readonly ReportedImage[],
  files: readonly ListedFile[],
  graph: LayoutGraph | undefined,
): ContentBytes {
  const blobs = [...(graph?.reachable.values() ?? [])];
  const ofImages = new Set<Digest>();
  let inImages = 0;
  const names = new Set(images.map(({ reference }) => reference));
  for (const { name = "", blobs: own } of graph?.roots ?? []) {
    for (const { digest, size } of names.has(name) ? own.values() : []) {
      if (!ofImages.has(digest)) inImages += size;
      ofImages.add(digest);
    }
  }
  const alone = images.reduce((total, { own }) => total + own, 0);
  return {
    total: sumOf(blobs) + sumOf(files),
    blobs: blobs.length,
    shared: Math.max(0, inImages - alone),
  };
}

function sumOf(sizes: readonly { readonly size: number }[]): number {
  return sizes.reduce((total, { size }) => total + size, 0);
}
