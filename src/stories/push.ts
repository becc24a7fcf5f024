import type { ArtifactKind } from "../bundle/format.ts";
import { all } from "../content/concurrency.ts";
import { DrayError } from "../errors.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import type { Finding } from "../finding.ts";
import { lookAt, requireNoConflict, type Situation } from "../delivery/situation.ts";
import { renamedCharts } from "../delivery/foresee.ts";
import { parseTarget, planPush } from "../delivery/plan.ts";
import { isThere, sendAll } from "../delivery/send.ts";
import { Transfers, type TransferTotals } from "../delivery/transfers.ts";
import type { Mapping } from "../delivery/mapping.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { RegistryPool } from "../remote/registry/pool.ts";
import { requireUsable, type BundleIdentity, type UsableBundle } from "../bundle/opened.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface PushOptions extends BundleOptions {
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  /** How names change on the way there. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  /** Move tags that stand for something else at the target. @default false */
  readonly overwrite?: boolean | undefined;
  /** Ask the registry and say what would happen. @default false */
  readonly dryRun?: boolean | undefined;
  readonly registry?: RegistryAccess | undefined;
}

/** What became (or would become) of one artifact. */
export interface PushedArtifact {
  readonly kind: ArtifactKind;
  readonly reference: string;
  readonly target: string;
  readonly digest: string;
  readonly platforms: readonly string[];
  /**
   * `pushed`: tagged now. `present`: it was there already. `failed`: its tag could not be written or
   * read back. Dry runs say what would become of it.
   */
  readonly result: "pushed" | "overwritten" | "present" | "failed";
  readonly error?: string;
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
 *
 * @throws BundleRefused, DrayError `DRAY_PLAN_INVALID`, `DRAY_TAG_CONFLICT`, `DRAY_PUSH_INCOMPLETE`
 */
export async function push(options: PushOptions, runOptions: RunOptions = {}): Promise<PushReport> {
  const run = startRun(runOptions);
  const target = parseTarget(options.target);
  return withBundle({ ...options, content: "readable" }, run, async (opened) => {
    const bundle = requireUsable(options.path, opened);
    const { artifacts } = bundle.contents;
    const plan = planPush(artifacts, bundle.graph, { target, mapping: options.mapping ?? {} });
    const pool = new RegistryPool(options.registry ?? {}, {
      side: "target",
      onEvent: run.onEvent,
    });
    try {
      const { registry } = target;
      const work = { bundle, registry, options, run };
      const situations = await lookAt(plan, { pool, registry, signal: run.signal });
      requireNoConflict(situations, options.overwrite === true);
      return options.dryRun === true
        ? await rehearse(situations, work)
        : await carryOut(situations, work);
    } finally {
      await pool.close();
    }
  });
}

/** What every step of a push needs. */
interface PushWork {
  readonly bundle: UsableBundle;
  readonly registry: string;
  readonly options: PushOptions;
  readonly run: Run;
}

async function carryOut(situations: readonly Situation[], work: PushWork): Promise<PushReport> {
  const { bundle, options, run } = work;
  const transfers = new Transfers(run.onEvent);
  const { path, verifyFirst } = options;
  const parcel = { bundle, path, isVerified: verifyFirst === true };
  await sendAll(situations, parcel, { ...run, onEvent: (event) => transfers.note(event) });
  run.onEvent({ type: "stage", stage: "tag" });
  const artifacts = await all(situations.map((situation) => publish(situation, work)));
  const report = reportOf(artifacts, work, transfers.totals());
  if (artifacts.some(({ result }) => result === "failed")) throw new PushIncomplete(report);
  return report;
}

/** Writes the tag, if it is not there, and reads back what the registry has under the name now. */
async function publish(
  situation: Situation,
  { bundle, run: { signal } }: PushWork,
): Promise<PushedArtifact> {
  const { plan, repository } = situation;
  const { descriptor: announced, manifest } = plan.root;
  // What the manifest says of itself is what a registry compares with the type of the upload.
  const descriptor = { ...announced, mediaType: manifest.mediaType };
  try {
    if (plan.tag !== undefined && !isThere(situation)) {
      const { tag } = plan;
      await repository.client.limit(() =>
        repository.tag(tag, { expected: descriptor, source: bundle.source, signal }),
      );
    }
    await repository.client.limit(() =>
      repository.requireDigest(plan.tag ?? descriptor.digest, descriptor, { signal }),
    );
    return pushed(situation, resultOf(situation));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DrayError)) throw error;
    return { ...pushed(situation, "failed"), error: error.message };
  }
}

/** Asks what is missing at the target, and sends nothing. */
async function rehearse(situations: readonly Situation[], work: PushWork): Promise<PushReport> {
  const transfers = new Transfers(work.run.onEvent);
  for (const { plan, repository } of situations) {
    const { limit } = repository.client;
    await all(
      [...plan.root.blobs.values()].map(async (descriptor) => {
        const present = await limit(() => repository.exists(descriptor, work.run));
        transfers.rehearse(descriptor, { repository: plan.repository, present });
      }),
    );
  }
  const artifacts = situations.map((situation) => pushed(situation, resultOf(situation)));
  return reportOf(artifacts, work, transfers.totals());
}

function resultOf(situation: Situation): PushedArtifact["result"] {
  if (situation.existing === undefined) return "pushed";
  return isThere(situation) ? "present" : "overwritten";
}

function pushed({ plan }: Situation, result: PushedArtifact["result"]): PushedArtifact {
  const { kind, reference, target, root } = plan;
  const { digest } = root.descriptor;
  return { kind, reference, target, digest, platforms: root.platforms, result };
}

function reportOf(
  artifacts: readonly PushedArtifact[],
  { bundle, registry, options }: PushWork,
  totals: TransferTotals,
): PushReport {
  const { name, version } = bundle.contents;
  return {
    bundle: { name, version, digest: bundle.bundleDigest, path: options.path },
    registry,
    dryRun: options.dryRun === true,
    signedBy: bundle.signedBy.map(({ id }) => id),
    artifacts,
    totals,
    findings: [...bundle.findings, ...renamedCharts(bundle.contents.artifacts, artifacts)],
  };
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
