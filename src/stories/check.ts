import { startRun, type Run, type RunOptions } from "../events.ts";
import { loadBundledCharts, requireOneChart } from "../bundle/charts.ts";
import { neededNow, toElsewhere, toReplaced } from "../delivery/absent-images.ts";
import { CarriedImages } from "../delivery/carried.ts";
import { imagesOfChart, type DiscoverySettings } from "../discover/find-images.ts";
import { isGiven, type ValueSet } from "../helm/values/user-values.ts";
import type { Chart } from "../chart/chart.ts";
import { isNeeded, toFinding, type DiscoveredImage } from "../discover/discovery.ts";
import type { Finding } from "../finding.ts";
import type { Platform } from "../oci/platform.ts";
import { parseTarget } from "../delivery/plan.ts";
import { presenceByAsking, type TargetPresence } from "../delivery/presence.ts";
import type { Reference } from "../oci/reference.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { settledKinds, skippedImages, type SkippedImage } from "../bundle/skipped.ts";
import { requireUsable, type BundleIdentity } from "../bundle/opened.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface CheckOptions extends BundleOptions {
  /** How images are looked for. */
  readonly discovery?: DiscoverySettings | undefined;
  /** `NAME` or `NAME:VERSION` of the one chart to check. @default all of them */
  readonly chart?: string | undefined;
  /** Values for that chart. */
  readonly valueSets?: readonly ValueSet[] | undefined;
  /** Every image must be there for each of these. */
  readonly requirePlatforms?: readonly Platform[] | undefined;
  /** `REGISTRY[/PREFIX]` that the values may name already. */
  readonly target?: string | undefined;
  /** How names change on the way there. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  /** Ask the target for each image that the values name there; without a target, each registry. */
  readonly ask?: RegistryAccess | undefined;
}

export interface CheckReport {
  readonly bundle: BundleIdentity;
  readonly charts: readonly CheckedChart[];
  /** True if nothing is missing, and no image comes from elsewhere than the target. */
  readonly good: boolean;
  /** True if nothing stood in the way of finding what the charts need. */
  readonly complete: boolean;
  /** What there is to say of the bundle itself. */
  readonly findings: readonly Finding[];
}

export interface CheckedChart {
  readonly name: string;
  readonly version: string;
  /** How many images these values pull. */
  readonly needed: number;
  /** Those of them that a cluster would not get. */
  readonly missing: readonly AbsentImage[];
  /** Those that are not in the bundle, and that the registry has where these values name them. */
  readonly found: readonly DiscoveredImage[];
  /** Needed, and named at another registry than the target, where one is given. */
  readonly outside: readonly DiscoveredImage[];
  /** Needed, and not there where these values name it, or another image is; nothing unless that was asked. */
  readonly absent: readonly DiscoveredImage[];
  /** Images of other values that it would not get. */
  readonly left: readonly AbsentImage[];
  /** Needed, and left out on purpose when the bundle was packed. */
  readonly skipped: readonly AbsentImage[];
  /** Warnings may stand for a needed image, notes for an optional one. */
  readonly findings: readonly Finding[];
  readonly complete: boolean;
}

export interface AbsentImage extends DiscoveredImage {
  /** Why a cluster would not get it. */
  readonly problem: string;
}

/**
 * Says whether a bundle holds every image that its charts pull with the values given, and which not,
 * and whether they are pulled from the target, where one is given. Opens no connection unless it is
 * told to ask.
 *
 * @throws BundleRefused, DrayError `DRAY_CHART_MISSING`, `DRAY_CHART_AMBIGUOUS`
 */
export async function check(
  options: CheckOptions,
  runOptions: RunOptions = {},
): Promise<CheckReport> {
  const run = startRun(runOptions);
  const { target, mapping = {} } = options;
  const destination = target === undefined ? undefined : { target: parseTarget(target), mapping };
  return withBundle(
    { ...options, content: "readable", blobs: "elsewhere" },
    run,
    async (opened) => {
      const bundle = requireUsable(options.path, opened);
      const { name, version, artifacts } = bundle.contents;
      const known = {
        skips: skippedImages(bundle.contents),
        settled: settledKinds(bundle.contents),
      };
      const carried = new CarriedImages(artifacts, bundle.graph, destination);
      const loaded = await loadBundledCharts(bundle, options.chart);
      if (options.valueSets?.some(isGiven) === true) requireOneChart(loaded, "check");
      const charts: CheckedChart[] = [];
      for (const chart of loaded)
        charts.push(await checkChart(chart, { carried, ...known }, { options, run }));
      return {
        bundle: { name, version, digest: bundle.bundleDigest, path: options.path },
        charts,
        good: charts.every(isGood),
        complete: charts.every(({ complete }) => complete),
        findings: bundle.findings,
      };
    },
  );
}

/** What is known of images that charts may ask for. */
interface Carriage {
  readonly carried: CarriedImages;
  /** Left out on purpose, by their reference in full. */
  readonly skips: ReadonlyMap<string, SkippedImage>;
  readonly settled: ReadonlyMap<string, string>;
}

async function checkChart(
  chart: Chart,
  { carried, skips, settled }: Carriage,
  { options, run }: { options: CheckOptions; run: Run },
): Promise<CheckedChart> {
  const { requirePlatforms = [], valueSets, target, discovery } = options;
  const settings = { ...discovery, settled };
  const { images, unknowns, complete } = await imagesOfChart(chart, { valueSets, settings }, run);
  const absent = images.flatMap((image) => {
    const problem = carried.problemWith(image.reference, requirePlatforms);
    return problem === undefined ? [] : [{ ...image, problem }];
  });
  const lacking = absent.filter(({ image }) => !skips.has(image));
  const skipped = absent.filter(isNeeded).flatMap((one) => {
    const skip = skips.get(one.image);
    return skip === undefined ? [] : [{ ...skip, one }];
  });
  const wanted = images.filter(isNeeded);
  const outside = target === undefined ? [] : wanted.filter(isElsewhere(target));
  const asked = wanted.filter((one) => !outside.includes(one));
  const { ask } = options;
  const named = asked.map(({ reference }) => reference);
  // Elsewhere than at the target nothing promises that a tag stays what it was.
  const behindTags =
    target === undefined ? undefined : (image: Reference) => carried.digestOf(image);
  const presences =
    ask === undefined
      ? undefined
      : await presenceByAsking(named, { access: ask, wanted: behindTags }, run);
  const replaced = asked.filter(({ image }) => presences?.get(image) === "rewritten");
  const outsideNames = outside.map(({ image }) => image);
  const elsewhere = target === undefined ? [] : toElsewhere(outsideNames, target);
  const isThere = ({ image }: DiscoveredImage): boolean => presences?.get(image) === "there";
  const needed = lacking.filter(isNeeded);
  const { name, version } = chart.metadata;
  return {
    name,
    version,
    needed: wanted.length,
    missing: needed.filter((one) => !isThere(one)),
    found: needed.filter(isThere),
    outside,
    absent: asked.filter(({ image }) => isAbsent(presences?.get(image))),
    left: lacking.filter((one) => !isNeeded(one)),
    skipped: skipped.map(({ one, reason }) => ({
      ...one,
      problem: `left out on purpose: ${reason}`,
    })),
    findings: [
      ...unknowns.map(toFinding),
      ...skipped.flatMap(neededNow),
      ...elsewhere,
      ...replaced.map(toReplaced),
    ],
    complete,
  };
}

function isAbsent(presence: TargetPresence | undefined): boolean {
  return presence === "missing" || presence === "rewritten";
}

function isGood({ missing, outside, absent }: CheckedChart): boolean {
  return missing.length === 0 && outside.length === 0 && absent.length === 0;
}

function isElsewhere(target: string): (image: DiscoveredImage) => boolean {
  const { registry } = parseTarget(target);
  return ({ reference }) => reference.registry !== registry;
}
