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
  const shown = firstOfEach(sorted).slice(0, most);
  const lines = shown.map(formatFinding);
  const left = sorted.length - shown.length;
  if (left > 0) lines.push(`… and ${left} more (${codesOf(sorted, shown)}); --json lists all\n`);
  return lines.join("");
}

/** What one code has to say at most, so that no other drowns in it. */
const MOST_OF_EACH = 10;

function firstOfEach(findings: readonly Finding[]): Finding[] {
  const counts = new Map<string, number>();
  return findings.filter(({ code }) => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    return count <= MOST_OF_EACH;
  });
}

/** `764 × NOT_EXPLORED` for each code of which there are more. */
function codesOf(all: readonly Finding[], shown: readonly Finding[]): string {
  const hidden = all.filter((one) => !shown.includes(one));
  return [...new Set(hidden.map(({ code }) => code))]
    .map((code) => `${hidden.filter((one) => one.code === code).length} × ${code}`)
    .join(", ");
}

function formatFinding({ severity, code, message, wanted, found, hint }: Finding): string {
  const lines = [`${MARKS[severity]}: ${message} [${code}]`];
  if (wanted !== undefined && found !== undefined && !message.includes(found)) {
    lines.push(`  expected ${wanted}`, `  found    ${found}`);
  }
  if (hint !== undefined) lines.push(`  → ${hint}`);
  return printable(`${lines.join("\n")}\n`);
}
