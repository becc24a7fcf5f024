import type {
  DigestChange,
  PackPlan,
  PackResult,
  PlannedChart,
  PlannedDelta,
  WrittenBundle,
} from "../index.ts";
import { READ_BACK } from "./split-command.ts";
import { formatNotes, formatOperators, formatProblems } from "./findings.ts";
import { formatImages } from "./images-report.ts";
import { formatBytes, formatTable, paragraphs, plural, section, shortDigest } from "./table.ts";

/** What was packed, or would be. */
export function renderPack(
  { plan, written, fileSize = plan.size, readBackFrom }: PackResult,
  { isSigned, isDryRun }: { isSigned: boolean; isDryRun: boolean },
): string {
  const rows = plan.contents.map(({ kind, role, reference, digest, size, platforms }) => [
    role ?? kind,
    reference,
    formatBytes(size),
    shortDigest(digest),
    platforms.join(" "),
  ]);
  const parts = [
    formatTable(rows),
    section("Not from where their names say:", formatMirrors(plan)),
    formatVouching(plan),
    formatChartImages(plan),
    changes("Platforms were left out, and that changes the digest:", plan.filtered),
    formatNotes(plan.findings),
    changes("Tags that stand for something else than in the lock:", plan.moved),
  ];
  if (plan.delta !== undefined) parts.push(formatDelta(plan.delta));
  if (plan.delta?.isNew === false) return paragraphs(parts);
  if (written === undefined) {
    const dry = isDryRun ? "Dry run: nothing was written. " : "";
    parts.push(
      `${dry}Would download ${formatBytes(plan.download)} and write ${plan.output} of about ${formatBytes(fileSize)}.\n`,
    );
    return paragraphs(parts);
  }
  parts.push(
    formatTable([
      ...bundleRows(written),
      ["size", `${formatBytes(written.size)} (${written.size} bytes)`],
      ["holds", formatCounts(plan)],
      ["bundle digest", written.bundleDigest],
      ["file digest", written.fileDigest],
      ...(readBackFrom === undefined ? [] : [["read back", READ_BACK[readBackFrom]]]),
      ["signature", isSigned ? "signed" : "none: verify and push will ask for --allow-unsigned"],
    ]),
  );
  return paragraphs(parts);
}

/** The file, or its parts. */
function bundleRows({ path, parts, sums }: WrittenBundle): string[][] {
  if (parts.length < 2) return [["bundle", path]];
  const rows = parts.map((part) => [
    `part ${part.number} of ${parts.length}`,
    `${part.path} (${formatBytes(part.size)})`,
  ]);
  return [...rows, ["sums", sums]];
}

function formatDelta({ since, isNew, blobs, bytes }: PlannedDelta): string {
  const bases = since.join(" and ");
  if (!isNew) return `Nothing new since ${bases}: no bundle was written.\n`;
  if (blobs === 0) return `Nothing of it is in ${bases}: all of it travels.\n`;
  const left = `${plural(blobs, "blob")} (${formatBytes(bytes)})`;
  return `A delta: ${left} stayed behind, which ${bases} already has.\n`;
}

function formatMirrors({ contents }: PackPlan): string {
  return contents
    .flatMap(({ reference, mirror }) =>
      mirror === undefined ? [] : [`  ${reference}  from ${mirror}\n`],
    )
    .join("");
}

/** What is to be known of a bundle even by those who want no report. */
export function problemsOfPack({ plan }: PackResult): string {
  return formatProblems([...plan.findings, ...plan.charts.flatMap(({ findings }) => findings)]);
}

/** What came along with each image: that nothing vouches for one is worth knowing too. */
function formatVouching({ vouching }: PackPlan): string {
  if (vouching.every(({ found, problems }) => found.length + problems.length === 0)) return "";
  const rows = vouching.map(({ reference, found, problems }) => {
    const roles = [...new Set(found.map(({ role }) => role))].toSorted();
    const counts = roles.map((role) =>
      plural(found.filter((one) => one.role === role).length, role),
    );
    return [`  ${reference}`, counts.join(", ") || (problems.length > 0 ? "not known" : "nothing")];
  });
  return section("What refers to them and came along:", formatTable(rows));
}

/** What the charts of a bundle add to what is listed, what they leave out, and what is not known. */
function formatChartImages({ charts, added, extra, contents }: PackPlan): string {
  const isListed = contents.filter(({ kind }) => kind === "image").length > added.length;
  const parts = [
    isListed
      ? section("Packed because charts need them, and not listed:", formatImages(added))
      : "",
    section(
      "Listed, and not found in the charts by dray:",
      extra.map((image) => `  ${image}\n`).join(""),
    ),
    ...charts.map(formatChart),
  ];
  return paragraphs(parts);
}

function formatChart({ name, version, left, complete, findings }: PlannedChart): string {
  const parts = [
    section(`In ${name} ${version}, and not packed:`, formatImages(left)),
    formatOperators(findings),
    complete
      ? ""
      : `NOT COMPLETE: needed images of ${name} ${version} may be missing from this bundle.\n`,
  ];
  return paragraphs(parts);
}

function formatCounts({ contents }: PackPlan): string {
  const count = (kind: string): number => contents.filter((item) => item.kind === kind).length;
  const always = ["image", "chart", "file"].map((kind) => plural(count(kind), kind));
  const referrers = count("referrer");
  return [...always, ...(referrers === 0 ? [] : [plural(referrers, "referrer")])].join(", ");
}

function changes(title: string, list: readonly DigestChange[]): string {
  if (list.length === 0) return "";
  const lines = list.map(
    ({ reference, was, is }) => `  ${reference}\n    was ${was}\n    is  ${is}\n`,
  );
  return `${title}\n${lines.join("")}`;
}
