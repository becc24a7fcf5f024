import type {
  DiscoveredImage,
  Evidence,
  FoundImage,
  ImagesReport,
  ListDifference,
  Presence,
} from "../index.ts";
import { countHidden, formatNotes, formatOperators } from "./findings.ts";
import type { SessionFlags } from "./session.ts";
import { formatTable, paragraphs, plural, section } from "./table.ts";

/** Images by the registry that they come from, and what is not known. */
export function renderImages(report: ImagesReport, { verbose }: SessionFlags): string {
  const registries = [...new Set(report.images.map(({ reference }) => reference.registry))];
  const groups = registries.toSorted().map((registry) => {
    const images = report.images.filter(({ reference }) => reference.registry === registry);
    return `${registry}\n${formatImages(images)}`;
  });
  const parts = [
    formatTable(report.charts.map(({ name, version }) => ["chart", `${name} ${version}`])),
    ...groups,
    `${countClasses(report.images)}\n`,
    formatUnknowns(report, verbose === true),
  ];
  return paragraphs(parts);
}

/** A table of images, each with its class and why it has it. */
export function formatImages(images: readonly FoundImage[]): string {
  return formatTable(
    images.map((one) => [one.class, one.image, reasonFor(one) + said(one)]),
    "  ",
  );
}

function said({ presence }: FoundImage): string {
  return presence === undefined ? "" : `: ${PRESENCE[presence]}`;
}

const PRESENCE: Readonly<Record<Presence, string>> = {
  present: "its registry has it",
  absent: "its registry has no such image",
  unknown: "its registry does not say",
};

function countClasses(images: readonly DiscoveredImage[]): string {
  const count = (wanted: DiscoveredImage["class"]): number =>
    images.filter((one) => one.class === wanted).length;
  return (
    `${count("needed")} needed, ${plural(count("hook"), "hook image")}, ` +
    `${count("optional")} optional, ${plural(count("suspect"), "suspect")}`
  );
}

/** Whether needed images may be missing; what is known of optional ones on request. */
function formatUnknowns({ charts, complete }: ImagesReport, verbose: boolean): string {
  const findings = charts.flatMap((chart) => chart.findings);
  const notes = verbose ? formatNotes(findings) : formatOperators(findings);
  const hidden = verbose ? 0 : countHidden(findings);
  const more = hidden === 0 ? "" : `${plural(hidden, "note")} on optional images: see --verbose\n`;
  return `${notes}${more}${completeness(complete)}`;
}

function completeness(complete: boolean): string {
  return complete
    ? "Complete: nothing stood in the way of finding what these values pull.\n"
    : "Not complete: needed images may be missing from this list.\n";
}

/** A list that `dray pack --image-list` takes. What is not needed stands in comments. */
export function formatImageList(report: ImagesReport): string {
  const warnings = report.charts.flatMap(({ findings }) =>
    findings.filter(({ severity }) => severity === "warning"),
  );
  const lines = [
    ...report.charts.map(({ name, version }) => `# ${name} ${version}`),
    ...warnings.map(({ message }) => `# may lack an image: ${oneLine(message)}`),
    ...report.images.map((one) =>
      isNeeded(one) ? one.image : `# ${one.class}: ${one.image}  ${oneLine(reasonFor(one))}`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Every place that speaks of an image. */
export function renderWhy({ images, charts }: ImagesReport): string {
  const parts = images.map(({ image, class: kind, evidence }) => {
    const rows = evidence.map((one) => [
      one.class,
      ...(charts.length > 1 ? [one.chart ?? ""] : []),
      formatEvidence(one),
    ]);
    return `${image}\n  ${kind}\n${formatTable(rows, "    ")}`;
  });
  return parts.join("\n");
}

/** Needed images that a list does not have. */
export function formatMissing({ missing }: ListDifference): string {
  return section("Missing from the list, and needed:", formatImages(missing));
}

/** Both directions of a comparison with a list. */
export function renderDifference(report: ImagesReport, difference: ListDifference): string {
  const { left, extra } = difference;
  const parts = [
    formatMissing(difference),
    section("Not in the list, and not needed with these values:", formatImages(left)),
    section(
      "In the list, and not found in the charts by dray:",
      formatTable(
        extra.map((one) => [one]),
        "  ",
      ),
    ),
    formatUnknowns(report, false),
    verdictOn(difference),
  ];
  return paragraphs(parts);
}

/** What a comparison with a list has come to; with `report`, also how far that can be known. */
export function verdictOn({ missing }: ListDifference, report?: ImagesReport): string {
  const certainty = report === undefined ? "" : completeness(report.complete);
  return missing.length === 0
    ? `${certainty}The list has every needed image that was found.\n`
    : `${certainty}The list lacks ${plural(missing.length, "needed image")}.\n`;
}

/** Why an image has its class, in few words. */
export function reasonFor({ evidence, optionalBy, class: kind }: DiscoveredImage): string {
  const [way, ...others] = optionalBy;
  if (kind === "optional" && way !== undefined) {
    const more = others.length === 0 ? "" : ` (or ${plural(others.length, "other way")})`;
    return `${way.join(" and ")}${more}`;
  }
  const [best] = evidence;
  return best === undefined ? "" : placeOf(best);
}

/** One place that speaks of an image: what, where, and under which conditions. */
function formatEvidence(evidence: Evidence): string {
  const { file, line, when = [] } = evidence;
  const at = file === undefined ? "" : ` (${line === undefined ? file : `${file}:${line}`})`;
  const condition = when.length === 0 ? "" : `, with ${when.join(" and ")}`;
  return `${evidence.source}: ${placeOf(evidence)}${at}${condition}`;
}

function placeOf({ object, where, valuesPath, hooks = [], file }: Evidence): string {
  const place = [object, where].filter((part) => part !== undefined).join(", ");
  const hook = hooks.length === 0 ? "" : ` (${hooks.join(", ")})`;
  return `${place || valuesPath || file || ""}${hook}`;
}

function isNeeded(one: DiscoveredImage): boolean {
  return one.class === "needed" || one.class === "hook";
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
