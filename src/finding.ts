import type { DrayError } from "./errors.ts";

/**
 * One thing that validation has to say about a bundle or its carrier. An `error` refuses the
 * bundle, a `warning` is reported, `info` says what was done (junk stripped, index rebuilt).
 */
export interface Finding {
  /** Stable name, `<NOUN>_<STATE>`. */
  readonly code: string;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  /** The entry, digest or reference it is about. */
  readonly entry?: string;
  readonly wanted?: string;
  readonly found?: string;
  /** What to do about it. */
  readonly hint?: string;
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}

/** What a refusal says, as one finding among others. */
export function findingOf(error: DrayError, entry?: string): Finding {
  return {
    code: error.code.replace(/^DRAY_/, ""),
    severity: "error",
    message: error.message,
    ...(entry === undefined ? {} : { entry }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}
