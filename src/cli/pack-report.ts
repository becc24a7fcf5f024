import type { DigestChange, PackResult } from "../index.ts";
import { formatChartImages } from "./chart-images-report.ts";
import { formatFindings } from "./findings.ts";
import { formatBytes, formatTable, paragraphs, plural, shortDigest } from "./table.ts";

/** What was packed, or would be. */
export function renderPack(
  { plan, written }: PackResult,
  { isSigned, isDryRun }: { isSigned: boolean; isDryRun: boolean },
): string {
  const rows = plan.contents.map(({ kind, reference, digest, size, platforms }) => [
    kind,
    reference,
    formatBytes(size),
    shortDigest(digest),
    platforms.join(" "),
  ]);
  const parts = [
    formatTable(rows),
    formatChartImages(plan),
    changes("Platforms were left out, and that changes the digest:", plan.filtered),
    plan.findings.length === 0 ? "" : formatFindings(plan.findings),
    changes("Tags that stand for something else than in the lock:", plan.moved),
  ];
  if (written === undefined) {
    const dry = isDryRun ? "Dry run: nothing was written. " : "";
    parts.push(
      `${dry}Would download ${formatBytes(plan.download)} and write ${plan.output} of about ${formatBytes(plan.size)}.\n`,
    );
    return paragraphs(parts);
  }
  parts.push(
    formatTable([
      ["bundle", written.path],
      ["size", `${formatBytes(written.size)} (${written.size} bytes)`],
      ["holds", contents(plan.contents)],
      ["bundle digest", written.bundleDigest],
      ["file digest", written.fileDigest],
      ["signature", isSigned ? "signed" : "none: verify and push will ask for --allow-unsigned"],
    ]),
  );
  return paragraphs(parts);
}

function contents(items: PackResult["plan"]["contents"]): string {
  const count = (kind: string): number => items.filter((item) => item.kind === kind).length;
  return ["image", "chart", "file"].map((kind) => plural(count(kind), kind)).join(", ");
}

function changes(title: string, list: readonly DigestChange[]): string {
  if (list.length === 0) return "";
  const lines = list.map(
    ({ reference, was, is }) => `  ${reference}\n    was ${was}\n    is  ${is}\n`,
  );
  return `${title}\n${lines.join("")}`;
}
