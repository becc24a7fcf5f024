import { startRun, type RunOptions } from "../events.ts";
import type { Finding } from "../finding.ts";
import { compareSides, type Changes } from "../report/compare.ts";
import type { BundleOptions } from "./open-bundle.ts";
import { withSide } from "./open-side.ts";

/** Two bundles, locks or receipts, in any mix. */
export interface DiffOptions extends Omit<BundleOptions, "path"> {
  readonly old: string;
  readonly new: string;
}

export interface DiffReport extends Changes {
  readonly findings: readonly Finding[];
}

/**
 * Says what changed between two releases. Opens no connection. Whether to trust a bundle is not the
 * question; who has signed it is part of the answer.
 *
 * @throws BundleRefused, DrayError `DRAY_LOCK_INVALID`, `DRAY_RECEIPT_INVALID`, `DRAY_FILE_NOT_FOUND`
 */
export async function diff(options: DiffOptions, runOptions: RunOptions = {}): Promise<DiffReport> {
  const run = startRun(runOptions);
  const { old: oldPath, new: newPath, ...rest } = options;
  const choices = { ...rest, trust: { ...rest.trust, allowUnsigned: true } };
  return withSide({ ...choices, path: oldPath }, run, (before) =>
    withSide({ ...choices, path: newPath }, run, async (now) => {
      const changes = await compareSides({ ...before, path: oldPath }, { ...now, path: newPath });
      return { ...changes, findings: [...before.findings, ...now.findings] };
    }),
  );
}
