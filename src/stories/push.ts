import { all } from "../content/concurrency.ts";
import { renamedCharts } from "../delivery/foresee.ts";
import type { Mapping } from "../delivery/mapping.ts";
import type { PushTarget } from "../delivery/names.ts";
import { formatTarget, parseTarget, planPush } from "../delivery/plan.ts";
import { publishAll, resultOf } from "../delivery/publish.ts";
import { ReceiptFile } from "../delivery/receipt-file.ts";
import type { PushedArtifact, TransferTotals } from "../delivery/receipt.ts";
import { PushRecord } from "../delivery/record.ts";
import { sendAll } from "../delivery/send.ts";
import { lookAt, requireNoConflict, type Situation } from "../delivery/situation.ts";
import { readAllBack } from "../delivery/read-back.ts";
import { requireUsable, type BundleIdentity, type UsableBundle } from "../bundle/opened.ts";
import { DrayError } from "../errors.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import type { Finding } from "../finding.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { RegistryPool } from "../remote/registry/pool.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface PushOptions extends BundleOptions {
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  /** How names change on the way there. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  /** Move tags that stand for something else at the target. @default false */
  readonly overwrite?: boolean | undefined;
  /** Read everything back from the registry and hash it, before any tag is written. @default false */
  readonly verifyTarget?: boolean | undefined;
  /** Ask the registry and say what would happen. @default false */
  readonly dryRun?: boolean | undefined;
  /** Where the receipt is written, however the push ends; a receipt that is there is replaced. */
  readonly receipt?: string | undefined;
  readonly registry?: RegistryAccess | undefined;
}

export interface PushReport {
  readonly bundle: BundleIdentity;
  readonly registry: string;
  readonly dryRun: boolean;
  readonly signedBy: readonly string[];
  readonly artifacts: readonly PushedArtifact[];
  readonly totals: TransferTotals;
  readonly findings: readonly Finding[];
}

/**
 * Brings a bundle into a registry. Before anything is sent everything is checked but the blobs' own
 * bytes: those are while they are sent, and what the registry has already is before the first tag.
 * No tag is written until everything is there; at the end each manifest is read back and compared.
 * However it ends, the receipt that was asked for says how far it came.
 *
 * @throws BundleRefused, DrayError `DRAY_PLAN_INVALID`, `DRAY_TAG_CONFLICT`, `DRAY_PUSH_INCOMPLETE`,
 * `DRAY_OUTPUT_REFUSED`
 */
export async function push(options: PushOptions, runOptions: RunOptions = {}): Promise<PushReport> {
  const run = startRun(runOptions);
  const target = parseTarget(options.target);
  const { path, receipt, dryRun = false } = options;
  const prepared = receipt === undefined ? undefined : await ReceiptFile.prepare(receipt);
  const file = dryRun ? undefined : prepared;
  const record = new PushRecord(path, formatTarget(target));
  let report: PushReport;
  try {
    report = await withBundle({ ...options, content: "readable" }, run, async (opened) => {
      const bundle = requireUsable(path, opened);
      record.open(bundle);
      return deliver(bundle, target, { options, run, record });
    });
  } catch (cause) {
    const failed = record.receipt({ cause, isInterrupted: run.signal.aborted });
    await file?.write(failed).catch((error: unknown) => run.onEvent(unwritten(error)));
    throw cause;
  }
  await file?.write(record.receipt());
  return report;
}

/** What every step of a push needs. */
interface PushWork {
  readonly options: PushOptions;
  readonly run: Run;
  readonly record: PushRecord;
}

async function deliver(
  bundle: UsableBundle,
  target: PushTarget,
  { options, run, record }: PushWork,
): Promise<PushReport> {
  const { mapping = {}, overwrite = false, dryRun = false } = options;
  const plan = planPush(bundle.contents.artifacts, bundle.graph, { target, mapping });
  record.plan(plan);
  const { onEvent, signal } = run;
  const pool = new RegistryPool(options.registry ?? {}, { side: "target", onEvent });
  try {
    const { registry } = target;
    const situations = await lookAt(plan, { pool, registry, signal });
    requireNoConflict(situations, overwrite);
    if (dryRun) await rehearse(situations, record, run);
    else await carryOut(situations, bundle, { options, run, record });
    const report = reportOf(bundle, record, { registry, options });
    if (report.artifacts.some(({ result }) => result === "failed")) {
      throw new PushIncomplete(report);
    }
    return report;
  } finally {
    await pool.close();
  }
}

async function carryOut(
  situations: readonly Situation[],
  bundle: UsableBundle,
  { options: { path, verifyFirst, verifyTarget }, run, record }: PushWork,
): Promise<void> {
  await sendAll(situations, { bundle, path, isVerified: verifyFirst === true, record }, run);
  if (verifyTarget === true) await readAllBack(situations, record, run);
  run.onEvent({ type: "stage", stage: "tag" });
  await publishAll(situations, { source: bundle.source, record }, run);
}

/** Asks what is missing at the target, and sends nothing. */
async function rehearse(
  situations: readonly Situation[],
  record: PushRecord,
  run: Run,
): Promise<void> {
  for (const situation of situations) {
    const { plan, repository } = situation;
    const { limit } = repository.client;
    await all(
      [...plan.root.blobs.values()].map(async (descriptor) => {
        const present = await limit(() => repository.exists(descriptor, run));
        record.transfers.rehearse(descriptor, { repository: plan.repository, present });
      }),
    );
    record.end(plan, resultOf(situation));
  }
}

function reportOf(
  bundle: UsableBundle,
  record: PushRecord,
  { registry, options }: { registry: string; options: PushOptions },
): PushReport {
  const { name, version } = bundle.contents;
  const artifacts = record.artifacts();
  return {
    bundle: { name, version, digest: bundle.bundleDigest, path: options.path },
    registry,
    dryRun: options.dryRun === true,
    signedBy: bundle.signedBy.map(({ id }) => id),
    artifacts,
    totals: record.transfers.totals(),
    findings: [...bundle.findings, ...renamedCharts(bundle.contents.artifacts, artifacts)],
  };
}

/** The push has failed already, and that is what is thrown. */
function unwritten(error: unknown): { type: "warning"; message: string } {
  const reason = error instanceof Error ? error.message : String(error);
  return { type: "warning", message: `The receipt was not written: ${reason}` };
}

/** Some tags are written and others are not: the report says which. */
export class PushIncomplete extends DrayError {
  readonly report: PushReport;

  constructor(report: PushReport) {
    const failed = report.artifacts.filter(({ result }) => result === "failed");
    super(
      "DRAY_PUSH_INCOMPLETE",
      `Cannot finish the push: ${failed.length} of ${report.artifacts.length} references failed:${failed.map(({ target, error }) => `\n  ${target}: ${error ?? ""}`).join("")}`,
      {
        kind: "partial",
        hint: "All content is there. Run the same command again to write the rest.",
      },
    );
    this.report = report;
  }
}
