import type { InspectReport } from "../index.ts";
import { addLookFlags, bundleChoices, type BundleFlags } from "./bundle-flags.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addExamples } from "./flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs, shortDigest } from "./table.ts";

interface InspectFlags extends BundleFlags, SessionFlags {
  readonly sbom?: boolean;
}

export const addInspectCommand: AddCommand = (program, start) => {
  const command = program
    .command("inspect")
    .summary("show what a bundle holds")
    .description(
      "Shows images, charts, platforms and sizes. Reads only the head of the bundle and opens no " +
        "connection; whether the rest is intact is for `dray verify` to say. " +
        "Takes unsigned bundles too, with a warning.",
    )
    .argument("<bundle>", "bundle file or unpacked directory");
  command.option("--sbom", "list the packages that the SBOMs of images name");
  addLookFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray inspect app-1.2.0.tar.gz",
    "dray inspect app-1.2.0.tar.gz --sbom",
    "dray inspect app-1.2.0.tar.gz --json | jq -r '.artifacts[].reference'",
  ]);
  command.action(async (path: string, flags: InspectFlags) => {
    const session = await start(flags);
    const { onEvent } = session.run;
    const { inspect } = await import("../index.ts");
    const request = { path, sbom: flags.sbom, ...(await bundleChoices(flags, session)) };
    const report = await inspect(request, {
      ...session.run,
      // It is done before a line of progress could be read.
      onEvent: (event) => event.type === "warning" && onEvent?.(event),
    });
    session.print(report, () => renderInspect(report), formatProblems(report.findings));
  });
};

function makerOf({ isForeign, generator, created }: InspectReport): string {
  if (isForeign) return "others";
  // What was made without a time says the first of all.
  return Date.parse(created) === 0 ? generator : `${generator}, ${created}`;
}

function renderInspect(report: InspectReport): string {
  const head = formatTable([
    ["bundle", `${report.name} ${report.version}`],
    ["file", report.size === 0 ? report.path : `${report.path}, ${formatBytes(report.size)}`],
    ["form", report.form],
    ["bundle digest", report.bundleDigest],
    ["signed by", report.signedBy.join(", ") || "no trusted key"],
    ["made by", makerOf(report)],
  ]);
  const artifacts = report.artifacts.map((one) => [
    one.role ?? one.kind,
    one.reference,
    shortDigest(one.digest),
    formatBytes(one.size),
    formatBytes(one.adds),
    one.subject === undefined ? one.platforms.join(" ") : `for ${shortDigest(one.subject)}`,
  ]);
  const files = report.files.map(({ path, size, platform }) => [
    path.startsWith("tools/") ? "tool" : "file",
    path,
    "",
    formatBytes(size),
    formatBytes(size),
    platform ?? "",
  ]);
  const table = formatTable([
    ["kind", "reference", "digest", "size", "adds", "platforms"],
    ...artifacts,
    ...files,
  ]);
  return paragraphs([head, table, formatSboms(report), formatNotes(report.findings)]);
}

/** Each list with its packages; that there is none is said too. */
function formatSboms({ sboms }: InspectReport): string {
  if (sboms === undefined) return "";
  if (sboms.length === 0) return "No list of contents was found.\n";
  return paragraphs(
    sboms.map(({ images, subject, from, format, packages }) => {
      const of = images.join(", ") || shortDigest(subject);
      const title = `${of}: ${format}, in ${from}`;
      if (packages === undefined) return `${title}\n  not read here: --json has its place\n`;
      const rows = packages.map(({ name, version = "", purl = "" }) => [name, version, purl]);
      return `${title}\n${formatTable(rows, "  ")}`;
    }),
  );
}
