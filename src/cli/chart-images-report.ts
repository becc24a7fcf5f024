import type { PackPlan, PlannedChart } from "../index.ts";
import { formatFindings } from "./findings.ts";
import { formatImages } from "./images-report.ts";
import { paragraphs, section } from "./table.ts";

/** What the charts of a bundle add to what is listed, what they leave out, and what is not known. */
export function formatChartImages({ charts, added, extra, contents }: PackPlan): string {
  const isListed = contents.filter(({ kind }) => kind === "image").length > added.length;
  const parts = [
    isListed
      ? section("Packed because charts need them, and not listed:", formatImages(added))
      : "",
    section("Listed, and in none of the charts:", extra.map((image) => `  ${image}\n`).join("")),
    ...charts.map(formatChart),
  ];
  return paragraphs(parts);
}

function formatChart({ name, version, left, complete, findings }: PlannedChart): string {
  const warnings = findings.filter(({ severity }) => severity === "warning");
  const parts = [
    section(`In ${name} ${version}, and not packed:`, formatImages(left)),
    complete
      ? ""
      : `NOT COMPLETE: needed images of ${name} ${version} may be missing from this bundle.\n${formatFindings(warnings)}`,
  ];
  return paragraphs(parts);
}
