import type { AbsentImage, CheckedChart, CheckReport } from "../index.ts";
import { reasonFor } from "./evidence.ts";
import { formatFindings } from "./findings.ts";
import { formatTable, paragraphs, plural, section } from "./table.ts";

/** What a bundle lacks for its charts, if anything. */
export function renderCheck({ bundle, charts, good, complete, findings }: CheckReport): string {
  const parts = [
    formatTable([
      ["bundle", `${bundle.name} ${bundle.version}`],
      ["bundle digest", bundle.digest],
      ...charts.map(({ name, version, needed, missing }) => [
        "chart",
        `${name} ${version}: ${needed - missing.length} of ${plural(needed, "needed image")} here`,
      ]),
    ]),
    formatFindings(findings),
    ...charts.map(renderChart),
    verdict(good, complete),
  ];
  return paragraphs(parts);
}

function renderChart(chart: CheckedChart): string {
  const { name, version, missing, left, findings } = chart;
  const warnings = findings.filter(({ severity }) => severity === "warning");
  const parts = [
    section(`Needed by ${name} ${version}:`, formatAbsent(missing)),
    section(`Not needed by ${name} ${version} with these values:`, formatAbsent(left)),
    formatFindings(warnings),
  ];
  return paragraphs(parts);
}

function formatAbsent(images: readonly AbsentImage[]): string {
  return images
    .map((one) => `  ${one.class}  ${one.image}\n    ${one.problem}\n    ${reasonFor(one)}\n`)
    .join("");
}

function verdict(good: boolean, complete: boolean): string {
  if (!good) return "Incomplete: the bundle lacks images that its charts will pull.\n";
  return complete
    ? "Good: every image that the charts will pull is in the bundle.\n"
    : "Not known: every image that was found is in the bundle, but some may have been missed.\n";
}
