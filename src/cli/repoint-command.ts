import { Option } from "commander";
import type { ValueSet } from "../index.ts";
import { addBundleFlags, bundleChoices, type BundleFlags } from "./bundle-flags.ts";
import { formatProblems } from "./findings.ts";
import { addExamples, seldom } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import { explain, formatExplained, type ExplainedImages } from "./repoint-explain.ts";
import { addRepointFlags, repointTerms, type RepointTermFlags } from "./repoint-flags.ts";
import { filterWords, runFilter } from "./repoint-filter.ts";
import { refusal, renderRepoint, repointFindings } from "./repoint-report.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { addTargetFileFlag, requireTarget, type TargetFlags } from "./target-flags.ts";

interface RepointFlags
  extends BundleFlags, SessionFlags, MapFlags, TargetFlags, RegistryFlags, RepointTermFlags {
  readonly output?: string;
  readonly explain?: string;
  readonly stdin?: boolean;
  readonly keepUnmapped?: boolean;
  readonly receipt?: string;
  readonly ask?: boolean;
  readonly dryRun?: boolean;
}

export const addRepointCommand: AddCommand = (program, start) => {
  const command = program
    .command("repoint")
    .summary("write the values with which charts pull from your registry, proven")
    .description(
      "Finds for each chart in a bundle the values with which it pulls every image from your " +
        "registry, under the names that a push gives. Each is tried by rendering the chart with it; " +
        "none is written that nothing needs. Writes CHART.values.yaml and CHART.proof.json, and " +
        "says what to type; mapping.json has every old and new name. Opens no connection without --ask. Exit code 3 means: a needed image " +
        "still comes from outside, or is missing at the target.",
    )
    .argument("[bundle]", "bundle file or unpacked directory; with --stdin it may be left out")
    .argument("[target]", "REGISTRY[:PORT][/PREFIX]; without it that of the target file")
    .option("-o, --output <dir>", "directory for the files; made if it is not there")
    .addOption(
      new Option(
        "--stdin",
        "filter manifests from standard input to standard output instead",
      ).conflicts(["output", "explain", "json", "receipt", "ask", "pin", "unpin", "pullSecret"]),
    )
    .addOption(
      seldom(new Option("--keep-unmapped", "with --stdin: let images pass that are not mapped")),
    )
    .option("--dry-run", "find and prove the values, say what would be written, write nothing")
    .option("--explain <image>", "say of one image, by its old or new name, where it comes from");
  addTargetFileFlag(addMapFlags(command), start, (words) =>
    command.opts<RepointFlags>().stdin === true ? filterWords(words, command).target : words[1],
  );
  const sets = addRepointFlags(command);
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
    "helm template shop ./shop | dray repoint --stdin registry.internal:5000/mirror",
  ]);
  command.action(
    async (path: string | undefined, target: string | undefined, flags: RepointFlags) => {
      const session = await start(flags);
      if (flags.stdin === true) {
        await runFilter(filterWords([path, target], command), flags, session);
      } else if (path === undefined) {
        command.error("error: missing required argument 'bundle'", {
          code: "commander.missingArgument",
        });
      } else await runRepoint({ path, target }, { flags, sets }, session);
    },
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
      dryRun: flags.dryRun,
      receipt: flags.receipt,
      ...(await repointTerms(flags, sets, session)),
      ...(flags.ask === true && { ask: await registryAccess(flags, session) }),
      ...(await bundleChoices(flags, session)),
    },
    run,
  );
  if (flags.explain === undefined) {
    print(report, () => renderRepoint(report), formatProblems(repointFindings(report)));
    if (!report.good) refuse(refusal(report));
  } else {
    const found = await explain(flags.explain, report);
    const wrong = formatProblems(repointFindings(report));
    const document: ExplainedImages = { explained: found };
    print(document, () => formatExplained(found, report, flags), wrong);
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
