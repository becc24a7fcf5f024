import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { PushedArtifact, TransferTotals } from "./receipt.ts";
import type { NewRepository } from "./rehearse.ts";

/** What was delivered, and what was not. */
export interface DeliveryReport {
  readonly registry: string;
  readonly dryRun: boolean;
  readonly artifacts: readonly PushedArtifact[];
  /** Of a dry run: repositories that are not there and that nothing has refused yet. */
  readonly repositories: readonly NewRepository[];
  readonly totals: TransferTotals;
  readonly findings: readonly Finding[];
}

/** Artifacts that did not get where they should. */
function undelivered({ artifacts }: Pick<DeliveryReport, "artifacts">): PushedArtifact[] {
  return artifacts.filter(({ result }) => result === "failed" || result === "held");
}

/** @throws PushIncomplete after anything but a dry run, if something is not there under its name */
export function requireComplete(report: DeliveryReport): void {
  if (!report.dryRun && undelivered(report).length > 0) throw new PushIncomplete(report);
}

/** Some of it is there under its name and some is not: the report says which. */
export class PushIncomplete<R extends DeliveryReport = DeliveryReport> extends DrayError {
  readonly report: R;

  constructor(report: R) {
    const left = undelivered(report);
    super(
      "DRAY_PUSH_INCOMPLETE",
      `Cannot finish the push: ${left.length} of ${report.artifacts.length} artifacts are not there under their names:${left.map(({ target, error }) => `\n  ${target}: ${error ?? ""}`).join("")}`,
      {
        kind: "partial",
        hint: "The others are there. Put right what each reason says; the same command then brings the rest.",
      },
    );
    this.report = report;
  }
}
