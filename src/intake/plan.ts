import { kindOf, referrerOf, type Artifact } from "../bundle/artifact.ts";
import type { ArtifactKind } from "../bundle/format.ts";
import { checkSkipped, skippedImages, type Skipped } from "../bundle/skipped.ts";
import { toFinding, type DiscoveredImage } from "../discover/discovery.ts";
import { compareWithList, joinImages } from "../discover/image-lists.ts";
import type { Finding } from "../finding.ts";
import type { Digest } from "../oci/digest.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import { roleOf, type ReferrerRole } from "../oci/referrer.ts";
import { assumptions, otherTags } from "./assumptions.ts";
import { nameBundle, type BundleName, type NamingOptions } from "./bundle-name.ts";
import { totalBytes, type Ingredients } from "./gather.ts";
import type { ResolvedReferrer, Vouching } from "./surroundings.ts";
import type { ImageMode } from "./recipe/chart-request.ts";
import type { Lock } from "./recipe/lock.ts";
import type { Resolved } from "./resolve.ts";
import { changesSince, lockOf, type DigestChange } from "./lock-of.ts";
import type { PlannedDelta } from "./planned-delta.ts";
import { imagesLeft, type SearchedChart } from "./search-charts.ts";

export interface PackPlan extends BundleName {
  readonly contents: readonly PlanItem[];
  /** Bytes that have to be fetched: neither an earlier run nor a store has brought them. */
  readonly download: number;
  /** Bytes of all that goes in; the file has a little more. */
  readonly size: number;
  /** Where earlier bundles, receipts or inventories say what is on the other side already. */
  readonly delta?: PlannedDelta | undefined;
  /** What was found in the charts, in their order. */
  readonly charts: readonly PlannedChart[];
  /** Images that are packed because a chart needs them, and are not listed. */
  readonly added: readonly DiscoveredImage[];
  /** Images that are listed and of which no chart speaks; none where there is no chart. */
  readonly extra: readonly string[];
  /** Left out on purpose. */
  readonly skipped: readonly Skipped[];
  /** What came along with each image and chart of a registry; none where nobody asked. */
  readonly vouching: readonly Vouching[];
  /** Tags that mean something else than the lock says. */
  readonly moved: readonly DigestChange[];
  /** Images of which platforms were left out: was the digest of all, is the one packed. */
  readonly filtered: readonly DigestChange[];
  /** What has to be said of charts, and of what others have packed. */
  readonly findings: readonly Finding[];
}

/** An artifact or a plain file that goes in. */
export interface PlanItem {
  readonly kind: ArtifactKind | "file";
  readonly reference: string;
  readonly digest: string;
  readonly size: number;
  readonly platforms: readonly string[];
  /** Where it came from, if that is not where its name says: `REGISTRY/REPOSITORY` of a mirror. */
  readonly mirror?: string;
  /** Of a referrer: the digest of what it is about. */
  readonly subject?: Digest | undefined;
  /** What a referrer is to people. */
  readonly role?: ReferrerRole | undefined;
}

/** A chart, and what becomes of its images. */
export interface PlannedChart {
  readonly name: string;
  readonly version: string;
  readonly images: ImageMode;
  /** Found, and not packed. */
  readonly left: readonly DiscoveredImage[];
  /** False if a needed image may have been missed. */
  readonly complete: boolean;
  /** What stood in the way of finding images. */
  readonly findings: readonly Finding[];
}

export interface PackPlanOptions extends NamingOptions {
  /** Bytes that have to be fetched. */
  readonly download: number;
  readonly lock?: Lock | undefined;
}

/** Says what packing would do, before anything is done. */
export function planPack(ingredients: Ingredients, options: PackPlanOptions): PackPlan {
  const { images, charts, referrers, files, searched, listed, added, adopted, leftOut } =
    ingredients;
  const without = [...skippedImages(leftOut).keys()].map(parseReference);
  const inCharts = joinImages(searched.map(({ discovery }) => discovery));
  const named = nameBundle(ingredients, options);
  return {
    ...named,
    contents: [
      ...images.map((image) => describe("image", image)),
      ...charts.map(({ artifact }) => describe("chart", artifact)),
      ...referrers.map(describeReferrer),
      ...adopted.artifacts.map(describeArtifact),
      ...files.map(({ path, descriptor: { digest, size }, platform }) => ({
        kind: "file" as const,
        reference: path,
        digest,
        size,
        platforms: platform === undefined ? [] : [platform],
      })),
    ],
    download: options.download,
    size: totalBytes(ingredients),
    charts: searched.map((one) => describeChart(one, [...listed, ...without])),
    skipped: leftOut.skipped,
    vouching: ingredients.vouching,
    added,
    extra: charts.length === 0 ? [] : compareWithList(inCharts, listed).extra,
    moved: changesSince(options.lock, lockOf(ingredients)),
    filtered: images
      .filter(({ found, root }) => found.digest !== root.descriptor.digest)
      .map(({ name: reference, found, root }) => ({
        reference,
        was: found.digest,
        is: root.descriptor.digest,
      })),
    findings: [
      ...ingredients.findings,
      ...adopted.findings,
      ...checkSkipped(leftOut),
      ...leftOut.findings,
      ...assumptions(options.recipe, named.version, images),
      ...otherTags([...images, ...charts.map(({ artifact }) => artifact)]),
    ],
  };
}

function describe(kind: "image" | "chart", { name, root, mirror }: Resolved): PlanItem {
  const { digest } = root.descriptor;
  const { size, platforms } = root;
  const from = mirror === undefined ? {} : { mirror };
  return { kind, reference: name, digest, size, platforms, ...from };
}

function describeReferrer({ name, root, subject, role }: ResolvedReferrer): PlanItem {
  const { digest } = root.descriptor;
  const about = { subject, role, platforms: [] };
  return { kind: "referrer", reference: name, digest, size: root.size, ...about };
}

function describeArtifact(artifact: Artifact): PlanItem {
  const { reference, root } = artifact;
  const { size, platforms, descriptor } = root;
  const referrer = referrerOf(artifact);
  const about = referrer && { subject: referrer.subject, role: roleOf(referrer) };
  return {
    kind: kindOf(artifact),
    reference,
    digest: descriptor.digest,
    size,
    platforms,
    ...about,
  };
}

function describeChart(searched: SearchedChart, listed: readonly Reference[]): PlannedChart {
  const { chart, complete, unknowns } = searched.discovery;
  return {
    name: chart.name,
    version: chart.version,
    images: searched.mode,
    left: imagesLeft(searched, listed),
    complete,
    findings: unknowns.map(toFinding),
  };
}

/** What registries have to give: images, and charts that are artifacts there. */
export function fromRegistries({ images, charts, referrers }: Ingredients): Resolved[] {
  const published = charts.filter(({ origin }) => origin === "registry");
  return [...images, ...published.map(({ artifact }) => artifact), ...referrers];
}
