import { writeFile } from "node:fs/promises";
import type { PushReport } from "../index.ts";
import {
  addBundleFlags,
  addVerifyFirstFlag,
  bundleChoices,
  type BundleFlags,
  type VerifyFirstFlag,
} from "./bundle-flags.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addExamples } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import { addTargetFileFlag, formatTaken, requireTarget, type TargetFlags } from "./target-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs, plural, shortDigest } from "./table.ts";

interface PushFlags
  extends BundleFlags, SessionFlags, RegistryFlags, MapFlags, TargetFlags, VerifyFirstFlag {
  readonly overwrite?: boolean;
  readonly receipt?: string;
  readonly dryRun?: boolean;
}

export const addPushCommand: AddCommand = (program, start) => {
  const command = program
    .command("push")
    .summary("bring a bundle into a registry")
    .description(
      "Checks a bundle and pushes its images and charts. Everything but the blobs' own bytes is " +
        "checked before anything is sent, and those while they are sent, all before the first tag: " +
        "a damaged bundle leaves no tag. Every manifest is read back. Run again after a failure, " +
        "it sends only what is missing.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .argument("[target]", "REGISTRY[:PORT][/PREFIX]; without it that of the target file");
  addTargetFileFlag(command);
  addMapFlags(command)
    .option("--overwrite", "move tags that stand for something else at the target")
    .option("--receipt <file>", "write what was pushed as JSON")
    .option("--dry-run", "ask the registry, say what would be pushed, send nothing");
  addVerifyFirstFlag(addBundleFlags(command));
  addRegistryFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray push app-1.2.0.tar.gz registry.internal:5000/mirror --key release.pub --dry-run",
    "dray push app-1.2.0.tar.gz registry.internal:5000/mirror --key release.pub \\",
    "  --receipt app-1.2.0.receipt.json",
  ]);
  command.action(async (path: string, target: string | undefined, flags: PushFlags) =>
    runPush({ path, target }, flags, await start(flags)),
  );
};

async function runPush(
  { path, target }: { path: string; target: string | undefined },
  flags: PushFlags,
  session: Session,
): Promise<void> {
  const { run, print } = session;
  const { push, PushIncomplete } = await import("../index.ts");
  try {
    const report = await push(
      {
        path,
        target: await requireTarget(target, flags),
        mapping: await readMapping(flags),
        overwrite: flags.overwrite,
        verifyFirst: flags.verifyFirst,
        dryRun: flags.dryRun,
        ...(await bundleChoices(flags, session)),
        registry: await registryAccess(flags, session),
      },
      run,
    );
    await writeReceipt(report, flags);
    const problems = formatProblems(report.findings);
    const taken = flags.dryRun === true ? flags.fromFile : undefined;
    const document = { ...receiptOf(report), ...(taken && { targetFile: taken }) };
    print(document, () => paragraphs([formatTaken(taken), renderPush(report)]), problems);
  } catch (error) {
    if (error instanceof PushIncomplete) await writeReceipt(error.report, flags);
    throw error;
  }
}

async function writeReceipt(report: PushReport, { receipt }: PushFlags): Promise<void> {
  if (receipt === undefined || report.dryRun) return;
  await writeFile(receipt, `${JSON.stringify(receiptOf(report), undefined, 2)}\n`);
}

/** What a push did, for people who commit it or file it. */
function receiptOf(report: PushReport): object {
  return { receiptVersion: 1, ...report };
}

function renderPush(report: PushReport): string {
  const { artifacts, totals, dryRun, bundle, registry, findings } = report;
  const rows = artifacts.map(({ kind, target, digest, result }) => [
    dryRun && result !== "present" ? `would be ${result}` : result,
    kind,
    target,
    shortDigest(digest),
  ]);
  const { copied, mounted, skipped } = totals;
  const would = dryRun ? "Dry run: would send" : "Sent";
  const summary = [
    `${would} ${plural(copied.blobs, "blob")} (${formatBytes(copied.bytes)})`,
    `${dryRun ? "mount" : "mounted"} ${mounted.blobs} (${formatBytes(mounted.bytes)})`,
    `${skipped.blobs} (${formatBytes(skipped.bytes)}) ${dryRun ? "are" : "were"} there`,
  ].join(", ");
  const done = dryRun
    ? `Nothing was sent to ${registry}.`
    : `${bundle.name} ${bundle.version} (${bundle.digest}) is in ${registry}; every manifest was read back.`;
  return paragraphs([formatNotes(findings), formatTable(rows), `${summary}.\n${done}\n`]);
}
