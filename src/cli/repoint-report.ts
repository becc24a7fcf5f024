import type { Finding, PresentImage, RepointedChart, RepointReport } from "../index.ts";
import { formatNotes, formatOperators } from "./findings.ts";
import { placeOf } from "./repoint-explain.ts";
import { formatWithoutSecret } from "./repoint-workloads.ts";
import { formatTable, paragraphs, plural, section } from "./table.ts";

/** What is said of the bundle, and of each chart. */
export function repointFindings({ findings, charts }: RepointReport): Finding[] {
  return [...findings, ...charts.flatMap((chart) => chart.findings)];
}

export function renderRepoint(report: RepointReport): string {
  const { bundle, target, charts, findings, pullSecretFile, mappingFile } = report;
  const parts = [
    formatTable([
      ["bundle", `${bundle.name} ${bundle.version}`],
      ["bundle digest", bundle.digest],
      ["target", target],
      ...(pullSecretFile === undefined ? [] : [["pull secret", pullSecretFile]]),
      ["mapping", mappingFile],
      ...report.nodeFiles.map((path) => ["for nodes", path]),
      ...report.gitFiles.map((path) => ["for Git", path]),
      ...report.removed.map((path) => ["removed", path]),
    ]),
    formatNotes(findings),
    ...charts.map(renderChart),
    verdict(report),
    report.dryRun ? "Dry run: these files would be written. Nothing was.\n" : "",
  ];
  return paragraphs(parts);
}

/** What is told to whoever does not see the report: why it is not good. */
export function refusal(report: RepointReport): string {
  return paragraphs([...report.charts.map(renderFaults), verdict(report)]);
}

function renderChart(report: RepointedChart): string {
  const { images, values, findings, egress, valuesFile, proofFile, install, pullSecret } = report;
  const { name, version } = report.chart;
  const left = images.filter((one) => !isNeeded(one) && !one.moved);
  const moved = images.filter((one) => one.moved);
  return paragraphs([
    formatTable([
      [
        "chart",
        `${name} ${version}: ${moved.length} of ${plural(images.length, "image")} moved by ${plural(values.length, "value")}`,
      ],
      ["values", valuesFile],
      ["proof", proofFile],
    ]),
    formatOperators(findings),
    renderFaults(report),
    section(
      "At the target by its word alone, as the bundle has none to compare with:",
      images
        .filter(isVouched)
        .map(({ target }) => `  ${target}\n`)
        .join(""),
    ),
    section("Not needed with these values, and no value was seen to move it:", formatImages(left)),
    section(
      `Not started with these values, and would pull without the secret ${pullSecret?.name ?? ""}:`,
      formatWithoutSecret(report, ({ when }) => when.length > 0),
    ),
    section("Reaches outside when it runs, and was not switched off:", formatEgress(egress)),
    `${install}\n`,
  ]);
}

/** What keeps a chart from coming from the target alone. */
function renderFaults(report: RepointedChart): string {
  const { images, problems, pullSecret, pins } = report;
  const outside = images.filter((one) => isNeeded(one) && !one.moved);
  const missing = images.filter((one) => one.moved && isMissing(one));
  return paragraphs([
    section(
      "The chart cannot be rendered with these values, or refuses them:",
      problems.map((one) => `  ${one}\n`).join(""),
    ),
    section(`Needed, and no value moves it:`, formatImages(outside)),
    section(
      `Pulls without the secret ${pullSecret?.name ?? ""}, and no value gives it:`,
      formatWithoutSecret(report, ({ when }) => when.length === 0),
    ),
    section("Not at the target:", missing.map(formatMissing).join("")),
    formatPins(pins),
  ]);
}

function isMissing({ presence }: PresentImage): boolean {
  return presence === "missing" || presence === "rewritten";
}

/** True for what the target has something of that name for, and nobody can say what. */
function isVouched({ moved, presence, isCarried, target }: PresentImage): boolean {
  return moved && presence === "there" && !isCarried && !target.includes("@");
}

function formatMissing({ target, presence }: PresentImage): string {
  if (presence === "missing") return `  ${target}\n`;
  if (!target.includes("@")) {
    return `  ${target}\n    it stands for another digest there than in the bundle\n    → Push the bundle there, or take what is there with --unpin.\n`;
  }
  return `  ${target}\n    its tag stands for another digest there: the registry may have written it anew\n    → --unpin lets it go by its tag.\n`;
}

/** Places that the report names; the proof has all. */
const MAX_EGRESS = 10;

function formatEgress(egress: RepointedChart["egress"]): string {
  const all = new Map<string, RepointedChart["egress"][number][]>();
  for (const one of egress) {
    const key = `${one.what}\n${one.off?.path ?? ""}`;
    all.set(key, [...(all.get(key) ?? []), one]);
  }
  const rows = [...all.values()].slice(0, MAX_EGRESS).flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { what, object, file, off } = first;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    const way = off === undefined ? "" : `off with ${off.path}=${String(off.value)}`;
    return [[`  ${what}`, `${object}${more}`, file, way]];
  });
  const more = all.size - rows.length;
  return formatTable(rows) + (more > 0 ? `  and ${more} more, which the proof names\n` : "");
}

function formatPins({ mode, left }: RepointedChart["pins"] = { mode: "digest", left: [] }): string {
  const title = mode === "digest" ? "Goes by its tag alone:" : "Goes by its digest still:";
  const lines = left.map(({ image, reason }) => `  ${image}\n    ${reason}\n`);
  return section(title, lines.join(""));
}

function formatImages(images: readonly PresentImage[]): string {
  return images
    .map(({ class: kind, image, now, when, why, instead, places: [place] }) =>
      [
        `  ${kind}  ${image}`,
        ...(now === undefined || now === image ? [] : [`    becomes ${now}`]),
        ...(when.length === 0 ? [] : [`    with ${when.join(" and ")}`]),
        `    ${placeOf(place)}`,
        ...(why === undefined ? [] : [`    ${why}`]),
        ...(instead ?? []).map(({ path, value }) => `    → ${path}=${value} moves it instead`),
      ].join("\n"),
    )
    .map((lines) => `${lines}\n`)
    .join("");
}

function isNeeded({ class: kind }: PresentImage): boolean {
  return kind === "needed" || kind === "hook";
}

/** Whether all images come from the target, and if not, why. */
function verdict({ good, charts, target }: RepointReport): string {
  const images = charts.flatMap((chart) => chart.images).filter(isNeeded);
  if (good) {
    const vouched = images.filter(isVouched).length;
    const but = vouched === 0 ? "" : `; of ${vouched} the bundle has none to compare with`;
    return `Good: every needed image comes from ${target} with these values${but}.\n`;
  }
  const outside = images.filter(({ moved }) => !moved).length;
  if (outside > 0) {
    return `Incomplete: ${plural(outside, "needed image")} still ${outside === 1 ? "comes" : "come"} from outside.\n`;
  }
  if (charts.some(({ problems }) => problems.length > 0)) {
    return "Not proven: a chart could not be rendered with these values.\n";
  }
  if (images.some(isMissing)) return `Incomplete: ${target} lacks images that are needed.\n`;
  return charts.some(({ pins }) => pins?.left.some(({ needed }) => needed))
    ? "Incomplete: not every needed image goes by what was wished for, its digest or its tag.\n"
    : "Incomplete: workloads would pull without the secret.\n";
}
