import { runOptions, type AddCommand, type Session } from "./command.ts";
import { renderCheck } from "./check-report.ts";
import { addDiscoveryFlags, discoverySettings, type DiscoveryFlags } from "./discovery-flags.ts";
import { EXIT } from "./failure.ts";
import { addExamples, addOutputFlags, repeatable } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addForeignFlags, foreignChoices, type ForeignFlags } from "./foreign-flags.ts";
import type { OutputFlags } from "./report-output.ts";
import { addTrustFlags, trustPolicy, type TrustFlags } from "./trust-flags.ts";

interface CheckFlags extends ForeignFlags, OutputFlags, DiscoveryFlags, TrustFlags, MapFlags {
  readonly chart?: string;
  readonly requirePlatform?: readonly string[];
  readonly registry?: string;
  readonly allowIncomplete?: boolean;
}

export const addCheckCommand: AddCommand = (program, start) => {
  const command = program
    .command("check")
    .summary("say whether a bundle has every image that its charts will pull")
    .description(
      "Finds the images that the charts in a bundle pull with your values, and says which of them " +
        "are not in the bundle, and why they are needed. Opens no connection, on either side. " +
        "Exit code 3 means: a pod would not start, or it cannot be told.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .option("--chart <name>", "check only this chart: NAME or NAME:VERSION")
    .addOption(
      repeatable("--require-platform <platform>", "every image must be there for os/architecture"),
    )
    .option("--registry <target>", "REGISTRY[/PREFIX] that your values name instead of the sources")
    .option("--allow-incomplete", "end with 0 though a needed image may have been missed");
  addMapFlags(command);
  const sets = addDiscoveryFlags(command);
  addTrustFlags(command);
  addForeignFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray check app-1.2.0.tar.gz --key release.pub --values prod.yaml",
    "dray check app-1.2.0.tar.gz --key release.pub --chart app --values prod.yaml \\",
    "  --require-platform linux/amd64 --require-platform linux/arm64",
    "dray check app-1.2.0.tar.gz --key release.pub --values internal.yaml \\",
    "  --registry registry.internal:5000/mirror   # the values name this registry",
  ]);
  command.action(async (path: string, flags: CheckFlags) => {
    const session = await start(flags);
    await runCheck(path, { flags, sets }, session);
  });
};

async function runCheck(
  path: string,
  { flags, sets }: { flags: CheckFlags; sets: ReturnType<typeof addDiscoveryFlags> },
  session: Session,
): Promise<void> {
  const { output, defaults, exit } = session;
  const { check, parsePlatform } = await import("../index.ts");
  const report = await check(
    {
      path,
      chart: flags.chart,
      requirePlatforms: flags.requirePlatform?.map(parsePlatform),
      target: flags.registry,
      mapping: await readMapping(flags),
      valueSets: sets,
      discovery: await discoverySettings(flags, session),
      trust: await trustPolicy(flags, defaults),
      ...(await foreignChoices(flags)),
    },
    runOptions(session, flags),
  );
  output.report(report, () => renderCheck(report));
  const isUnsure = !report.complete && flags.allowIncomplete !== true;
  if (!report.good || isUnsure) exit(EXIT.refused);
}
