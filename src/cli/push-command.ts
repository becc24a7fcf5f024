import { writeFile } from "node:fs/promises";
import type { PushReport } from "../index.ts";
import { runOptions, type AddCommand, type Session } from "./command.ts";
import { formatFindings } from "./findings.ts";
import { addExamples, addOutputFlags } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addForeignFlags, foreignChoices, type ForeignFlags } from "./foreign-flags.ts";
import type { OutputFlags } from "./report-output.ts";
import { renderPush, receiptOf } from "./push-report.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import { addTrustFlags, trustPolicy, type TrustFlags } from "./trust-flags.ts";

interface PushFlags extends ForeignFlags, OutputFlags, RegistryFlags, TrustFlags, MapFlags {
  readonly overwrite?: boolean;
  readonly receipt?: string;
  readonly dryRun?: boolean;
}

export const addPushCommand: AddCommand = (program, start) => {
  const command = program
    .command("push")
    .summary("bring a bundle into a registry")
    .description(
      "Checks a bundle and pushes its images and charts. Signature, list and layout are checked " +
        "before anything is sent and every blob while it is sent; tags are written when everything " +
        "is there, and every manifest is read back. Run again after a failure, it sends only what " +
        "is missing.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .argument("<target>", "REGISTRY[:PORT][/PREFIX]");
  addMapFlags(command)
    .option("--overwrite", "move tags that stand for something else at the target")
    .option("--receipt <file>", "write what was pushed as JSON")
    .option("--dry-run", "ask the registry, say what would be pushed, send nothing");
  addTrustFlags(command);
  addForeignFlags(command);
  addRegistryFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray push app-1.2.0.tar.gz registry.internal:5000/mirror --key release.pub --dry-run",
    "dray push app-1.2.0.tar.gz registry.internal:5000/mirror --key release.pub \\",
    "  --receipt app-1.2.0.receipt.json",
  ]);
  command.action(async (path: string, target: string, flags: PushFlags) =>
    runPush({ path, target }, flags, await start(flags)),
  );
};

async function runPush(
  { path, target }: { path: string; target: string },
  flags: PushFlags,
  session: Session,
): Promise<void> {
  const { output, defaults } = session;
  const { push, PushIncomplete } = await import("../index.ts");
  try {
    const report = await push(
      {
        path,
        target,
        mapping: await readMapping(flags),
        overwrite: flags.overwrite,
        dryRun: flags.dryRun,
        trust: await trustPolicy(flags, defaults),
        ...(await foreignChoices(flags)),
        registry: await registryAccess(flags, session),
      },
      runOptions(session, flags),
    );
    await writeReceipt(report, flags);
    output.report(receiptOf(report), () => notes(report) + renderPush(report));
  } catch (error) {
    if (error instanceof PushIncomplete) await writeReceipt(error.report, flags);
    throw error;
  }
}

async function writeReceipt(report: PushReport, { receipt }: PushFlags): Promise<void> {
  if (receipt === undefined || report.dryRun) return;
  await writeFile(receipt, `${JSON.stringify(receiptOf(report), undefined, 2)}\n`);
}

function notes({ findings }: PushReport): string {
  return findings.length === 0 ? "" : `${formatFindings(findings)}\n`;
}
