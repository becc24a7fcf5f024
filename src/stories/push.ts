import { append } from "../content/append.ts";
import { loadBundledCharts } from "../bundle/charts.ts";
import { requireUsable, type BundleIdentity, type UsableBundle } from "../bundle/opened.ts";
import { Attempts } from "../delivery/attempts.ts";
import { BundleContent } from "../delivery/bundle-content.ts";
import { goodsOf, requireArtifacts } from "../delivery/bundle-goods.ts";
import { deliver } from "../delivery/deliver.ts";
import { destinationOf, type DeliveryOptions } from "../delivery/delivery-options.ts";
import { renamedCharts } from "../delivery/foresee.ts";
import { requireComplete, type DeliveryReport } from "../delivery/incomplete.ts";
import { formatTarget, type PlannedPush } from "../delivery/plan.ts";
import { presenceAfter } from "../delivery/presence.ts";
import type { Goods } from "../delivery/publish-charts.ts";
import { ReceiptFile } from "../delivery/receipt-file.ts";
import { compareWithEarlier, editionOf, newestBefore } from "../delivery/rollback.ts";
import { PushRecord } from "../delivery/record.ts";
import { carriedBy, vouchedFor } from "../delivery/vouched.ts";
import { imagesOfChart } from "../discover/find-images.ts";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { RegistryPool } from "../remote/registry/pool.ts";
import { prepareRepoint, repointBundle, type RepointReport } from "../repoint/repoint-bundle.ts";
import type { AskPresence } from "../repoint/repoint-bundled.ts";
import type { RepointTerms } from "../repoint/repoint-terms.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface PushOptions extends BundleOptions, DeliveryOptions {
  readonly registry?: RegistryAccess | undefined;
  /** Write values with which the charts pull from there, once all is there. @default nothing */
  readonly repoint?: RepointTerms | undefined;
  /** Refuse a bundle that is no successor of the newest one of the receipt that is there. @default false */
  readonly noRollback?: boolean | undefined;
}

export interface PushReport extends DeliveryReport {
  readonly bundle: BundleIdentity;
  readonly signedBy: readonly string[];
  /** What was written for the charts, where that was wished for. */
  readonly repoint?: RepointReport | undefined;
}

/**
 * Brings a bundle into a registry. Before anything is sent everything is checked but the blobs' own
 * bytes: those are while they are sent, and what the registry has already is before the first tag.
 * An artifact that the registry refuses stops no other; no tag is written until the rest is there, and
 * that of a chart only after those of its images. However it ends, the receipt that was asked for says
 * how far it came. A dry run that would fail gives its report all the same.
 *
 * @throws BundleRefused, PolicyRefused, DrayError `DRAY_PLAN_INVALID`, `DRAY_PATTERN_UNUSED`, `DRAY_TAG_CONFLICT`,
 * `DRAY_PUSH_INCOMPLETE`, `DRAY_OUTPUT_REFUSED`, `DRAY_BUNDLE_OLDER`
 */
export async function push(options: PushOptions, runOptions: RunOptions = {}): Promise<PushReport> {
  const run = startRun(runOptions);
  const { target } = destinationOf(options);
  const { path, receipt, dryRun = false, noRollback = false } = options;
  const prepared = receipt === undefined ? undefined : await ReceiptFile.prepare(receipt);
  const before = newestBefore(prepared, { noRollback, run });
  const record = new PushRecord(path, formatTarget(target));
  record.follow(before);
  const writing = { file: dryRun ? undefined : prepared, record, run };
  const { report, repointing } = await ReceiptFile.kept(writing, () =>
    withBundle({ ...options, content: "readable", blobs: "elsewhere" }, run, async (opened) => {
      const bundle = requireUsable(path, opened);
      requireArtifacts(bundle, path);
      const older = compareWithEarlier(editionOf(bundle), before, { path, noRollback });
      record.open(bundle);
      return pushAndRepoint(bundle, { options, run, record, older });
    }),
  );
  if (repointing?.status === "rejected") throw repointing.reason;
  return repointing === undefined ? report : { ...report, repoint: repointing.value };
}

/** What becomes of repointing does not change that all was pushed, and the receipt says so. */
async function pushAndRepoint(
  bundle: UsableBundle,
  work: PushWork,
): Promise<{
  readonly report: PushReport;
  readonly repointing: PromiseSettledResult<RepointReport> | undefined;
}> {
  const { options, run } = work;
  const { path, repoint, dryRun = false } = options;
  if (repoint === undefined || dryRun) {
    if (repoint !== undefined) {
      await prepareRepoint({ ...repoint, dryRun }, destinationOf(options), bundle);
    }
    return { report: await carryOut(bundle, work), repointing: undefined };
  }
  const prepared = await prepareRepoint(repoint, destinationOf(options), bundle);
  const report = await carryOut(bundle, work);
  const access = options.registry ?? {};
  const ask: AskPresence = (images, wanted) =>
    presenceAfter(images, work.record.artifacts(), { access, wanted, run });
  const [repointing] = await Promise.allSettled([repointBundle(prepared, path, { ask, run })]);
  return { report, repointing };
}

/** What every step of a push needs. */
interface PushWork {
  readonly options: PushOptions;
  readonly run: Run;
  readonly record: PushRecord;
  /** What is to be said of bundles that were pushed before. */
  readonly older: readonly Finding[];
}

async function carryOut(
  bundle: UsableBundle,
  { options, run, record, older }: PushWork,
): Promise<PushReport> {
  const { path, verifyFirst, dryRun = false } = options;
  const destination = destinationOf(options);
  const { registry } = destination.target;
  const content = new BundleContent(bundle, path, run);
  const goods: Goods = {
    ...goodsOf(bundle, content, options),
    imagesOf: (chart) => imagesPulled(chart, bundle, run),
  };
  record.plan(goods.plan);
  const vouched = await vouchedFor(goods, {
    rules: options.policy,
    carried: carriedBy(bundle),
  });
  const pool = new RegistryPool(options.registry ?? {}, { side: "target", onEvent: run.onEvent });
  try {
    const leftOut = bundle.delta && { delta: bundle.delta, content, destination };
    const steps = { attempts: new Attempts(record, "one"), record, run };
    const checked = verifyFirst === true ? undefined : content;
    const repositories = await deliver(
      { goods, registry, pool, steps, content: checked, leftOut },
      options,
    );
    const { name, version } = bundle.contents;
    const artifacts = record.artifacts();
    const report = {
      bundle: { name, version, digest: bundle.bundleDigest, path },
      registry,
      dryRun,
      signedBy: bundle.signedBy.map(({ id }) => id),
      artifacts,
      repositories,
      totals: record.transfers.totals(),
      findings: [
        ...bundle.findings,
        ...older,
        ...vouched,
        ...renamedCharts(bundle.contents.artifacts, artifacts),
      ],
    };
    requireComplete(report);
    return report;
  } finally {
    await pool.close();
  }
}

/**
 * What a chart pulls: as it was packed or, where nobody has said, with its own values. Undefined if a
 * needed image may have been missed.
 */
async function imagesPulled(
  { name, version, images }: PlannedPush,
  bundle: UsableBundle,
  run: Run,
): Promise<Reference[] | undefined> {
  if (images !== undefined) return images.map((image) => parseReference(image));
  const found: Reference[] = [];
  try {
    for (const chart of await loadBundledCharts(bundle, `${name}:${version}`)) {
      const { images: pulled, complete } = await imagesOfChart(chart, {}, run);
      if (!complete) return undefined;
      append(
        found,
        pulled.map(({ reference }) => reference),
      );
    }
    return found;
  } catch (error) {
    run.signal.throwIfAborted();
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
