import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";

/** Runs a reader; what it refuses becomes a finding, unless an error about that entry stands. */
export async function attempt<T>(
  findings: Finding[],
  entry: string,
  read: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
    const isKnownError = (finding: Finding): boolean =>
      finding.entry === entry && finding.severity === "error";
    if (!findings.some(isKnownError)) findings.push(findingOf(error, entry));
    return undefined;
  }
}
