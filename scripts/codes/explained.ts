import type { ErrorCode } from "../../src/codes.ts";
import type { ErrorKind } from "../../src/errors.ts";
import type { Finding, FindingCode } from "../../src/finding.ts";

type Severity = Finding["severity"];

interface Explained {
  /** What has happened, in one or two sentences. */
  readonly means: string;
  /** What to do about it, on a host that may reach nobody, in one or two sentences. */
  readonly advice: string;
}

export interface ExplainedError extends Explained {
  /** How it ends a command: its kind at every place that throws it. Nobody throws an interrupt. */
  readonly ends: ErrorKind | readonly ErrorKind[] | "interrupted";
  /** Where it may be one finding among others too. */
  readonly severity?: Severity | readonly Severity[];
}

export interface ExplainedFinding extends Explained {
  readonly severity: Severity | readonly Severity[];
}

/** A text for every code, under the code without `DRAY_`: none missing, none too many. */
export type Texts = {
  readonly [Code in FindingCode]: `DRAY_${Code}` extends ErrorCode
    ? ExplainedError
    : ExplainedFinding;
};
