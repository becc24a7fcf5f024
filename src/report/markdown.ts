import type { BundleReport, ReportedImage } from "./bundle-report.ts";
import type { Changes } from "./compare.ts";
import type { ReportedPush } from "./pushes.ts";
import {
  count,
  formatSize,
  formatTime,
  OUTCOMES,
  reasonFor,
  RESULTS,
  titleOf,
  verdictOn,
  visible,
  weightOf,
} from "./words.ts";

/** With what every report in Markdown begins. */
export const MARKDOWN_MARK = "<!-- dray report -->\n";

/** The report for a ticket or a merge request. What strangers wrote stands in code, where it is no markup. */
export function formatMarkdown(report: BundleReport): string {
  const { title, text } = verdictOn(report);
  const { bundle, signedBy, findings, skipped, pushes, since, bytes } = report;
  const sections = [
    [`# ${code(titleOf(report))}`],
    [`**${title}.** ${text}`],
    list([
      `File: ${code(bundle.path)}${bundle.size === 0 ? "" : `, ${formatSize(bundle.size)}`}`,
      `Bundle digest: ${code(bundle.digest ?? "none")}`,
      ...signedBy.map(({ id, from }) => `Signed by ${code(id)} (${code(from)})`),
      `Content: ${formatSize(bytes.total)} in ${count(bytes.blobs, "blob")}, of it ${formatSize(bytes.shared)} shared by several images`,
      `Report of ${formatTime(report.written)} by ${report.generator}`,
    ]),
    under(
      "Findings",
      findings.map(
        ({ severity, code: name, message }) => `**${severity}** ${name}: ${code(message)}`,
      ),
    ),
    ...(since === undefined ? [] : changes(since)),
    under("Images", report.images.flatMap(describeImage)),
    under(
      "Charts",
      report.charts.map(({ name, version, digest, images }) => {
        const pulls =
          images === undefined ? "not looked for" : images.map(code).join(", ") || "none";
        return `${code(`${name} ${version}`)} ${code(digest)}; images: ${pulls}`;
      }),
    ),
    under(
      "Files",
      report.files.map(({ path, size }) => `${code(path)}, ${formatSize(size)}`),
    ),
    under(
      "Left out on purpose",
      skipped.map((one) => `${code("kind" in one ? one.kind : one.image)}: ${code(one.reason)}`),
    ),
    ...pushes.map(describePush),
  ];
  const written = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${MARKDOWN_MARK}\n${written.join("\n\n")}\n`;
}

function describeImage(image: ReportedImage): string[] {
  const { reference, digest, platforms, referrers } = image;
  const roles = referrers.map(({ role, digest: own }) => `  - ${role} ${code(own)}`);
  const facts = [
    code(digest),
    ...(platforms.length === 0 ? [] : [code(platforms.join(" "))]),
    code(weightOf(image)),
    code(reasonFor(image)),
  ];
  return [`${code(reference)}\n  ${facts.join("; ")}`, ...roles];
}

function changes({
  old,
  added,
  removed,
  changed,
  needs,
  same,
  unchanged,
  notCompared,
}: Changes): string[][] {
  if (same) return [under("What changed", [`Nothing: all ${unchanged} items are as before`])];
  return [
    under(`What changed since ${code(old.version ?? old.path)}`, [
      ...changed.map(
        ({ kind, new: now, old: was }) =>
          `changed ${kind} ${code(now.reference)}, was ${code(was.reference)}`,
      ),
      ...removed.map(({ kind, reference }) => `gone: ${kind} ${code(reference)}`),
      ...added.map(({ kind, reference }) => `new: ${kind} ${code(reference)}`),
      ...needs.flatMap(({ chart, gained, lost }) => [
        ...gained.map((image) => `chart ${code(chart)} now pulls ${code(image)}`),
        ...lost.map((image) => `chart ${code(chart)} no longer pulls ${code(image)}`),
      ]),
      ...notCompared.map((text) => `not compared: ${code(text)}`),
    ]),
  ];
}

function describePush({
  target,
  outcome,
  user,
  host,
  finished,
  artifacts,
}: ReportedPush): string[] {
  const rows = artifacts.map(({ reference, target: to, result, error }) => {
    const why = error === undefined ? "" : `: ${code(error)}`;
    return `${RESULTS[result]} ${code(reference)} as ${code(to)}${why}`;
  });
  const who = `${OUTCOMES[outcome]}. By ${code(user)} on ${code(host)}, ${formatTime(finished)}.`;
  return [`## Pushed to ${code(target)}`, "", who, "", ...list(rows)];
}

function under(title: string, rows: readonly string[]): string[] {
  return rows.length === 0 ? [] : [`## ${title}`, "", ...list(rows)];
}

function list(rows: readonly string[]): string[] {
  return rows.map((row) => (row.startsWith("  - ") ? row : `- ${row}`));
}

/** A span of code, whatever is in it: its fence is longer than any run of backticks inside. */
function code(text: string): string {
  const shown = visible(text);
  const runs = shown.match(/`+/g) ?? [];
  const longest = runs.reduce((most, run) => Math.max(most, run.length), 0);
  const fence = "`".repeat(longest + 1);
  const gap = longest > 0 || shown === "" ? " " : "";
  return `${fence}${gap}${shown}${gap}${fence}`;
}
