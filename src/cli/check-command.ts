import type { AbsentImage, CheckedChart, CheckReport, ValueSet } from "../index.ts";
import { addAuditFlags, requireOneSubject, runAudit, type AuditFlags } from "./audit.ts";
import { addBundleFlags, bundleChoices, type BundleFlags } from "./bundle-flags.ts";
import {
  addDiscoveryFlags,
  discoverySettings,
  readSets,
  releaseOf,
  type DiscoveryFlags,
} from "./discovery-flags.ts";
import { formatNotes, formatOperators, formatProblems } from "./findings.ts";
import { addExamples, repeatable } from "./flags.ts";
import { reasonFor } from "./images-report.ts";
import { registryAccess } from "./registry-flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addTargetFileFlag, type TargetFlags } from "./target-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { formatTable, paragraphs, plural, section } from "./table.ts";

interface CheckFlags
  extends BundleFlags, SessionFlags, DiscoveryFlags, MapFlags, TargetFlags, AuditFlags {
  readonly chart?: string;
  readonly requirePlatform?: readonly string[];
  readonly allowIncomplete?: boolean;
  readonly ask?: boolean;
}

export const addCheckCommand: AddCommand = (program, start) => {
  const command = program
    .command("check")
    .summary("say whether a bundle has what its charts pull, or a registry what was pushed")
    .description(
      "Finds the images that the charts in a bundle pull with your values, and says which of them " +
        "are not in the bundle, and why they are needed. Opens no connection, on either side, " +
        "without --ask. Exit code 3 means: a pod would not start, or it cannot be told, or (with a " +
        "target) it would start from elsewhere. With --receipt it asks " +
        "a registry instead, whether everything that was pushed is still there as it was; " +
        "exit code 3 means that it is not.",
    )
    .argument("[bundle]", "bundle file or unpacked directory")
    .option("--chart <name>", "check only this chart: NAME or NAME:VERSION")
    .addOption(
      repeatable("--require-platform <platform>", "every image must be there for os/architecture"),
    )
    .option(
      "--target <target>",
      "REGISTRY[/PREFIX] that your values name instead of the sources, or to audit",
    )
    .option("--ask", "ask the target for every image that your values name there")
    .option("--allow-incomplete", "end with 0 though a needed image may have been missed");
  addTargetFileFlag(addMapFlags(command), start);
  const sets = addDiscoveryFlags(command);
  addBundleFlags(command);
  addAuditFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray check app-1.2.0.tar.gz --key release.pub --values prod.yaml",
    "dray check app-1.2.0.tar.gz --key release.pub --chart app --values prod.yaml \\",
    "  --require-platform linux/amd64 --require-platform linux/arm64",
    "dray check app-1.2.0.tar.gz --key release.pub --values internal.yaml \\",
    "  --target registry.internal:5000/mirror --ask   # the values name this registry",
    "dray check --receipt app-1.2.0.receipt.json --content",
  ]);
  command.action(async (path: string | undefined, flags: CheckFlags) => {
    const session = await start(flags);
    const { receipt } = flags;
    await requireOneSubject(path, flags);
    if (receipt !== undefined) await runAudit(receipt, flags, session);
    else if (path !== undefined) await runCheck(path, { flags, sets }, session);
  });
};

async function runCheck(
  path: string,
  { flags, sets }: { flags: CheckFlags; sets: readonly ValueSet[] },
  session: Session,
): Promise<void> {
  const { run, print, refuse } = session;
  const { check, parsePlatform } = await import("../index.ts");
  const report = await check(
    {
      path,
      chart: flags.chart,
      requirePlatforms: flags.requirePlatform?.map(parsePlatform),
      target: flags.target,
      mapping: await readMapping(flags),
      ...(flags.ask === true && { ask: await registryAccess(flags, session) }),
      valueSets: await readSets(sets, {}, session),
      discovery: { ...(await discoverySettings(flags, session)), ...releaseOf(flags) },
      ...(await bundleChoices(flags, session)),
    },
    run,
  );
  const findings = [...report.findings, ...report.charts.flatMap((chart) => chart.findings)];
  const isAsked = flags.ask === true;
  print(report, () => renderCheck(report, isAsked), formatProblems(findings));
  const { good, complete } = report;
  const isUnsure = !complete && flags.allowIncomplete !== true;
  if (good && !isUnsure) return;
  refuse(paragraphs([...report.charts.map(renderLacking), verdict(report, isAsked)]));
}

/** What a bundle lacks for its charts, if anything. */
function renderCheck(report: CheckReport, isAsked: boolean): string {
  const { bundle, charts, findings } = report;
  const parts = [
    formatTable([
      ["bundle", `${bundle.name} ${bundle.version}`],
      ["bundle digest", bundle.digest],
      ...charts.map((chart) => ["chart", counted(chart)]),
    ]),
    formatNotes(findings),
    ...charts.map(renderChart),
    verdict(report, isAsked),
  ];
  return paragraphs(parts);
}

function counted({ name, version, needed, missing, found, skipped }: CheckedChart): string {
  const here = needed - missing.length - found.length - skipped.length;
  return `${name} ${version}: ${here} of ${plural(needed, "needed image")} here`;
}

function renderChart(chart: CheckedChart): string {
  const { name, version, left, skipped, found, findings } = chart;
  const parts = [
    formatOperators(findings),
    section(`Needed by ${name} ${version}, and left out on purpose:`, formatAbsent(skipped)),
    section(
      `Needed by ${name} ${version}, not in the bundle, and in its registry by its word alone:`,
      formatNamed(found),
    ),
    renderLacking(chart),
    section(`Not needed by ${name} ${version} with these values:`, formatAbsent(left)),
  ];
  return paragraphs(parts);
}

/** What will be missing when the chart is installed. */
function renderLacking({ name, version, missing, outside, absent }: CheckedChart): string {
  return paragraphs([
    section(`Needed by ${name} ${version}:`, formatAbsent(missing)),
    section(`Needed by ${name} ${version}, and pulled from elsewhere:`, formatNamed(outside)),
    section(`Needed by ${name} ${version}, and not in its registry:`, formatNamed(absent)),
  ]);
}

function formatAbsent(images: readonly AbsentImage[]): string {
  return images
    .map((one) => `  ${one.class}  ${one.image}\n    ${one.problem}\n    ${reasonFor(one)}\n`)
    .join("");
}

function formatNamed(images: CheckedChart["outside"]): string {
  return images.map((one) => `  ${one.class}  ${one.image}\n    ${reasonFor(one)}\n`).join("");
}

function verdict({ good, complete, charts }: CheckReport, isAsked: boolean): string {
  const lacks = charts.some(({ missing }) => missing.length > 0);
  if (!good && !lacks) {
    return "Incomplete: with these values images are pulled from elsewhere, or are not where they are looked for.\n";
  }
  if (!good) return "Incomplete: the bundle lacks images that its charts will pull.\n";
  const skipped = charts.flatMap((chart) => chart.skipped).length;
  const but = skipped === 0 ? "" : `, but for ${skipped} left out on purpose`;
  const where = whereabouts(charts, isAsked);
  return complete
    ? `Good: every image that the charts will pull is ${where}${but}.\n`
    : `Not known: every image that was found is ${where}, but some may have been missed.\n`;
}

/** Where every image is. */
function whereabouts(charts: readonly CheckedChart[], isAsked: boolean): string {
  if (!isAsked) return "in the bundle";
  const found = charts.flatMap((chart) => chart.found).length;
  return found === 0
    ? "in the bundle, and where these values look for it"
    : `where these values look for it (the bundle lacks ${found} of them)`;
}
