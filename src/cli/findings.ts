import type { Finding } from "../index.ts";
import { printable } from "./terminal.ts";

const MARKS = { error: "error", warning: "warning", info: "note" } as const;

/** The findings that belong into a report: what was done, and what is worth knowing. */
export function formatNotes(findings: readonly Finding[]): string {
  return formatFindings(findings.filter(({ severity }) => severity === "info"));
}

/** What of a chart is to be known whatever else is: what its operators start, nobody can read off it. */
export function formatOperators(findings: readonly Finding[]): string {
  return formatNotes(findings.filter(isOfOperators));
}

/** The notes that are shown on request alone. */
export function countHidden(findings: readonly Finding[]): number {
  return findings.filter((one) => one.severity === "info" && !isOfOperators(one)).length;
}

function isOfOperators({ code }: Finding): boolean {
  return code === "OPERATOR" || code === "CUSTOM_RESOURCE";
}

/** The findings that nobody may miss, who asked for silence included. */
export function formatProblems(findings: readonly Finding[]): string {
  return formatFindings(findings.filter(({ severity }) => severity !== "info"));
}

/** Findings as lines, errors first; how many are shown is bounded, how many there are is said. */
export function formatFindings(findings: readonly Finding[], most = 50): string {
  const order = ["error", "warning", "info"];
  const sorted = findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  const lines = sorted.slice(0, most).map(formatFinding);
  if (sorted.length > most) lines.push(`… and ${sorted.length - most} more; --json lists all\n`);
  return lines.join("");
}

function formatFinding({ severity, code, message, wanted, found, hint }: Finding): string {
  const lines = [`${MARKS[severity]}: ${message} [${code}]`];
  if (wanted !== undefined && found !== undefined && !message.includes(found)) {
    lines.push(`  expected ${wanted}`, `  found    ${found}`);
  }
  if (hint !== undefined) lines.push(`  → ${hint}`);
  return printable(`${lines.join("\n")}\n`);
}
