import { Option } from "commander";
import type { PushReport } from "../index.ts";
import {
  addBundleFlags,
  addVerifyFirstFlag,
  bundleChoices,
  type BundleFlags,
  type VerifyFirstFlag,
} from "./bundle-flags.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addExamples, seldom } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import { addTargetFileFlag, formatTaken, requireTarget, type TargetFlags } from "./target-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs, plural, shortDigest } from "./table.ts";

interface PushFlags
  extends BundleFlags, SessionFlags, RegistryFlags, MapFlags, TargetFlags, VerifyFirstFlag {
  readonly overwrite?: boolean;
  readonly verifyTarget?: boolean;
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
  addTargetFileFlag(command, start.env);
  addMapFlags(command)
    .option("--overwrite", "move tags that stand for something else at the target")
    .option("--receipt <file>", "write what was pushed, and what was not, as JSON")
    .option("--dry-run", "ask the registry, say what would be pushed, send nothing");
  addVerifyFirstFlag(addBundleFlags(command));
  command.option("--verify-target", "read everything back and hash it before any tag is written");
  addRegistryFlags(command).addOption(
    seldom(new Option("--immutable", "repositories that are made at ECR take each tag once")),
  );
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
  const { push } = await import("../index.ts");
  await requireReceiptFile(flags);
  const report = await push(
    {
      path,
      target: await requireTarget(target, flags),
      mapping: await readMapping(flags),
      overwrite: flags.overwrite,
      verifyFirst: flags.verifyFirst,
      verifyTarget: flags.verifyTarget,
      receipt: flags.receipt,
      dryRun: flags.dryRun,
      ...(await bundleChoices(flags, session)),
      registry: await registryAccess(flags, session),
    },
    run,
  );
  const taken = flags.dryRun === true ? flags.fromFile : undefined;
  const document = { ...report, ...(taken && { targetFile: taken }) };
  const text = (): string => paragraphs([formatTaken(taken), renderPush(report, flags)]);
  print(document, text, formatProblems(report.findings));
}

/** What is on stdout is the report. */
async function requireReceiptFile({ receipt }: PushFlags): Promise<void> {
  if (receipt !== "-") return;
  const { DrayError } = await import("../index.ts");
  throw new DrayError(
    "DRAY_USAGE",
    "Cannot write the receipt to standard output: the report goes there",
    { kind: "usage", hint: "Name a file; --json prints the report as JSON." },
  );
}

function renderPush(report: PushReport, { verbose, verifyTarget }: PushFlags): string {
  const { artifacts, totals, dryRun, bundle, registry, findings } = report;
  const rows = artifacts.map(({ kind, target, digest, result }) => [
    dryRun && result !== "present" ? `would be ${result}` : result,
    kind,
    target,
    shortDigest(digest),
  ]);
  const pinned = verbose === true ? formatTable(artifacts.map((one) => [one.pinned])) : "";
  const { copied, mounted, skipped } = totals;
  const would = dryRun ? "Dry run: would send" : "Sent";
  const readBack = verifyTarget === true ? "every byte" : "every manifest";
  const summary = [
    `${would} ${plural(copied.blobs, "blob")} (${formatBytes(copied.bytes)})`,
    `${dryRun ? "mount" : "mounted"} ${mounted.blobs} (${formatBytes(mounted.bytes)})`,
    `${skipped.blobs} (${formatBytes(skipped.bytes)}) ${dryRun ? "are" : "were"} there`,
  ].join(", ");
  const done = dryRun
    ? `Nothing was sent to ${registry}.`
    : `${bundle.name} ${bundle.version} (${bundle.digest}) is in ${registry}; ${readBack} was read back.`;
  return paragraphs([formatNotes(findings), formatTable(rows), pinned, `${summary}.\n${done}\n`]);
}
