import type { PresentImage, RepointedChart, RepointReport, ValueSet } from "../index.ts";
import { addBundleFlags, bundleChoices, type BundleFlags } from "./bundle-flags.ts";
import {
  addDiscoveryFlags,
  discoverySettings,
  readSets,
  releaseOf,
  type DiscoveryFlags,
} from "./discovery-flags.ts";
import { formatNotes, formatOperators, formatProblems } from "./findings.ts";
import { addExamples } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import { explain, formatExplained, placeOf } from "./repoint-explain.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { formatTable, paragraphs, plural, section } from "./table.ts";
import { addTargetFileFlag, requireTarget, type TargetFlags } from "./target-flags.ts";

interface RepointFlags
  extends BundleFlags, SessionFlags, DiscoveryFlags, MapFlags, TargetFlags, RegistryFlags {
  readonly output?: string;
  readonly explain?: string;
  readonly chart?: string;
  readonly neededOnly?: boolean;
  readonly receipt?: string;
  readonly ask?: boolean;
}

export const addRepointCommand: AddCommand = (program, start) => {
  const command = program
    .command("repoint")
    .summary("write the values with which charts pull from your registry, proven")
    .description(
      "Finds for each chart in a bundle the values with which it pulls every image from your " +
        "registry, under the names that a push gives. Each is tried by rendering the chart with it; " +
        "none is written that nothing needs. Writes CHART.values.yaml and CHART.proof.json, and " +
        "says what to type. Opens no connection without --ask. Exit code 3 means: a needed image " +
        "still comes from outside, or is missing at the target.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .argument("[target]", "REGISTRY[:PORT][/PREFIX]; without it that of the target file")
    .option("-o, --output <dir>", "directory for the files; made if it is not there")
    .option("--explain <image>", "say of one image, by its old or new name, where it comes from")
    .option("--chart <name>", "repoint only this chart: NAME or NAME:VERSION")
    .option("--needed-only", "leave alone what these values do not pull");
  addTargetFileFlag(addMapFlags(command), start.env);
  const sets = addDiscoveryFlags(command);
  command
    .optionsGroup("What the target has:")
    .option("--receipt <file>", "a receipt of `dray push`: what it has brought is there")
    .option("--ask", "ask the registry for every image");
  addBundleFlags(command);
  addRegistryFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray repoint app-1.2.0.tar.gz registry.internal:5000/mirror --key release.pub -o deploy \\",
    "  --values prod.yaml",
    "dray repoint app-1.2.0.tar.gz registry.internal:5000/mirror --key release.pub \\",
    "  --explain quay.io/acme/web:1.0   # why does a node pull this?",
    "dray repoint app-1.2.0.tar.gz --target-file target.yaml --key release.pub -o deploy \\",
    "  --receipt app-1.2.0.receipt.json",
  ]);
  command.action(async (path: string, target: string | undefined, flags: RepointFlags) =>
    runRepoint({ path, target }, { flags, sets }, await start(flags)),
  );
};

async function runRepoint(
  { path, target }: { path: string; target: string | undefined },
  { flags, sets }: { flags: RepointFlags; sets: readonly ValueSet[] },
  session: Session,
): Promise<void> {
  const { run, print, refuse } = session;
  const { repoint } = await import("../index.ts");
  await requireOutput(flags);
  const report = await repoint(
    {
      path,
      target: await requireTarget(target, flags),
      mapping: await readMapping(flags),
      output: flags.output,
      chart: flags.chart,
      neededOnly: flags.neededOnly,
      receipt: flags.receipt,
      valueSets: await readSets(sets, flags, session),
      discovery: { ...(await discoverySettings(flags, session)), ...releaseOf(flags) },
      ...(flags.ask === true && { ask: await registryAccess(flags, session) }),
      ...(await bundleChoices(flags, session)),
    },
    run,
  );
  const findings = [...report.findings, ...report.charts.flatMap((chart) => chart.findings)];
  if (flags.explain === undefined) {
    print(report, () => renderRepoint(report), formatProblems(findings));
    if (!report.good) refuse(verdict(report));
  } else {
    const found = await explain(flags.explain, report);
    print(found, () => formatExplained(found, report, flags));
  }
}

async function requireOutput({ output, explain: image }: RepointFlags): Promise<void> {
  if (output !== undefined || image !== undefined) return;
  const { DrayError } = await import("../index.ts");
  throw new DrayError("DRAY_USAGE", "Expected a directory for the files: none is given", {
    kind: "usage",
    hint: "Name one with --output DIR; it is made if it is not there.",
  });
}

function renderRepoint(report: RepointReport): string {
  const { bundle, target, charts, findings } = report;
  const parts = [
    formatTable([
      ["bundle", `${bundle.name} ${bundle.version}`],
      ["bundle digest", bundle.digest],
      ["target", target],
    ]),
    formatNotes(findings),
    ...charts.map(renderChart),
    verdict(report),
  ];
  return paragraphs(parts);
}

function renderChart({
  chart: { name, version },
  images,
  values,
  problems,
  findings,
  valuesFile,
  proofFile,
  install,
}: RepointedChart): string {
  const outside = images.filter((one) => isNeeded(one) && !one.moved);
  const left = images.filter((one) => !isNeeded(one) && !one.moved);
  const missing = images.filter((one) => one.moved && one.presence === "missing");
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
    section(
      "The chart cannot be rendered with these values, or refuses them:",
      problems.map((one) => `  ${one}\n`).join(""),
    ),
    section(`Needed, and no value moves it:`, formatImages(outside)),
    section("Not needed with these values, and no value was seen to move it:", formatImages(left)),
    section("Not at the target:", missing.map(({ target }) => `  ${target}\n`).join("")),
    `${install}\n`,
  ]);
}

function formatImages(images: readonly PresentImage[]): string {
  return images
    .map(({ class: kind, image, now, when, places: [place] }) =>
      [
        `  ${kind}  ${image}`,
        ...(now === undefined || now === image ? [] : [`    becomes ${now}`]),
        ...(when.length === 0 ? [] : [`    with ${when.join(" and ")}`]),
        `    ${placeOf(place)}`,
      ].join("\n"),
    )
    .map((lines) => `${lines}\n`)
    .join("");
}

function isNeeded({ class: kind }: PresentImage): boolean {
  return kind === "needed" || kind === "hook";
}

function verdict({ good, charts, target }: RepointReport): string {
  if (good) return `Good: every needed image comes from ${target} with these values.\n`;
  const images = charts.flatMap((chart) => chart.images).filter(isNeeded);
  const outside = images.filter(({ moved }) => !moved).length;
  if (outside > 0) {
    return `Incomplete: ${plural(outside, "needed image")} still ${outside === 1 ? "comes" : "come"} from outside.\n`;
  }
  return charts.some(({ problems }) => problems.length > 0)
    ? "Not proven: a chart could not be rendered with these values.\n"
    : `Incomplete: ${target} lacks images that are needed.\n`;
}
