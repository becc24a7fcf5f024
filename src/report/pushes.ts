import type { ArtifactKind } from "../bundle/format.ts";
import type { ArtifactResult, Receipt, TransferTotals } from "../delivery/receipt.ts";
import type { Digest } from "../oci/digest.ts";

/** What a receipt says of a push of the bundle. Nobody has asked the registry again. */
export interface ReportedPush {
  /** The receipt, as it was given. */
  readonly receipt: string;
  readonly outcome: Receipt["outcome"];
  readonly started: string;
  readonly finished: string;
  readonly user: string;
  readonly host: string;
  readonly target: string;
  readonly error?: Receipt["error"];
  readonly artifacts: readonly ReportedDelivery[];
  readonly totals: TransferTotals;
}

export interface ReportedDelivery {
  readonly kind: ArtifactKind;
  readonly reference: string;
  readonly target: string;
  readonly digest: Digest;
  readonly result: ArtifactResult;
  readonly error?: string | undefined;
}

export function describePush(path: string, receipt: Receipt): ReportedPush {
  const { outcome, started, finished, user, host, target, error, artifacts, totals } = receipt;
  return {
    receipt: path,
    outcome,
    started,
    finished,
    user,
    host,
    target,
    ...(error === undefined ? {} : { error }),
    artifacts: artifacts.map(({ kind, reference, target: to, digest, result, error: why }) => {
      return {
        kind,
        reference,
        target: to,
        digest,
        result,
        ...(why === undefined ? {} : { error: why }),
      };
    }),
    totals,
  };
}
