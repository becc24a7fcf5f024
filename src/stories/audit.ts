import { forAll } from "../content/concurrency.ts";
import { audited, type AuditedArtifact } from "../delivery/audited.ts";
import { tagChange, whatIsWrong } from "../delivery/kept.ts";
import { formatTarget, parseTarget } from "../delivery/plan.ts";
import { readReceipt } from "../delivery/receipt-file.ts";
import type { Receipt } from "../delivery/receipt.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { hasErrors, type Finding } from "../finding.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { RegistryPool } from "../remote/registry/pool.ts";

export interface AuditOptions {
  /** File that a push has written. */
  readonly receipt: string;
  /** `REGISTRY[/PREFIX]` where it is now. @default where it was pushed to */
  readonly target?: string | undefined;
  /** Read every byte and hash it, and not only compare sizes. @default false */
  readonly content?: boolean | undefined;
  readonly registry?: RegistryAccess | undefined;
}

export interface AuditReport {
  /** As it was given. */
  readonly receipt: string;
  readonly bundle: Receipt["bundle"];
  /** When the push ended, ISO 8601. */
  readonly finished: string;
  readonly target: string;
  /** True if every byte was read. */
  readonly content: boolean;
  readonly tags: number;
  /** Manifests and blobs, each once in each repository. */
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that are said to be there, and whose size could not be compared. */
  readonly unchecked: number;
  /** True if everything is as it was pushed. */
  readonly good: boolean;
  /** Every difference is an error. */
  readonly findings: readonly Finding[];
}

/**
 * Says whether a registry still has what a push brought there: every tag stands for the digest that
 * was pushed, every manifest has its bytes, every blob its size and, where asked for, its bytes.
 *
 * @throws DrayError `DRAY_RECEIPT_INVALID`, `DRAY_TARGET_INVALID`, RegistryError
 */
export async function audit(
  options: AuditOptions,
  runOptions: RunOptions = {},
): Promise<AuditReport> {
  const run = startRun(runOptions);
  const receipt = await readReceipt(options.receipt);
  const target = parseTarget(options.target ?? receipt.target);
  const artifacts = audited(receipt, target);
  const blobs = artifacts.flatMap((one) => one.blobs);
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  const { content = false } = options;
  const pool = new RegistryPool(options.registry ?? {}, { side: "target", onEvent: run.onEvent });
  try {
    run.onEvent({ type: "stage", stage: "audit", ...(content ? { bytes } : {}) });
    await pool.client(target.registry).ping(run.signal);
    const compared = await forAll(artifacts, run.signal, (artifact, signal) =>
      compare(artifact, pool, { content, run: { ...run, signal } }),
    );
    const findings = [...aboutReceipt(receipt), ...compared.flat()];
    return {
      receipt: options.receipt,
      bundle: receipt.bundle,
      finished: receipt.finished,
      target: formatTarget(target),
      content,
      tags: artifacts.filter(({ tag }) => tag !== undefined).length,
      blobs: blobs.length,
      bytes,
      unchecked: pool.client(target.registry).uncheckedSizes.size,
      good: !hasErrors(findings),
      findings,
    };
  } finally {
    await pool.close();
  }
}

async function compare(
  artifact: AuditedArtifact,
  pool: RegistryPool,
  { content, run: { signal, onEvent } }: { content: boolean; run: Run },
): Promise<Finding[]> {
  const repository = pool.repository(artifact);
  const { limit } = repository.client;
  const moved = await limit(() => tagChange(repository, artifact, { signal }));
  const wrong = await forAll(artifact.blobs, signal, (descriptor, either) =>
    limit(async () => {
      const hear = content ? onEvent : undefined;
      return whatIsWrong(repository, descriptor, { content, signal: either, onEvent: hear });
    }),
  );
  return [moved, ...wrong].filter((finding) => finding !== undefined);
}

function aboutReceipt({ outcome, artifacts, error }: Receipt): Finding[] {
  if (artifacts.length === 0) {
    return [
      {
        code: "RECEIPT_EMPTY",
        severity: "error",
        message: `The receipt names nothing that was pushed (${error?.message ?? outcome})`,
      },
    ];
  }
  if (outcome === "done") return [];
  const reason = error === undefined ? "" : `: ${error.message}`;
  return [
    {
      code: "RECEIPT_UNFINISHED",
      severity: "warning",
      message: `The push of this receipt is not done (${outcome}${reason})`,
      hint: "Push again and audit the new receipt.",
    },
  ];
}
