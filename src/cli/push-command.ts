import type { Command } from "commander";
import type { PushReport, RepointTerms, ValueSet } from "../index.ts";
import {
  addBundleFlags,
  addVerifyFirstFlag,
  bundleChoices,
  type BundleFlags,
  type VerifyFirstFlag,
} from "./bundle-flags.ts";
import {
  addDeliveryFlags,
  deliveryTerms,
  immutableFlag,
  refuseReceiptOnStdout,
  type DeliveryFlags,
} from "./delivery-flags.ts";
import {
  formatArtifacts,
  formatRepositories,
  formatTotals,
  printDelivery,
  type Said,
} from "./delivery-report.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addExamples, seldom } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import {
  addRepointFlags,
  refuseRepointFlags,
  repointTerms,
  type RepointTermFlags,
} from "./repoint-flags.ts";
import { refusal, renderRepoint, repointFindings } from "./repoint-report.ts";
import { addTargetFileFlag, formatTaken, requireTarget, type TargetFlags } from "./target-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { listRepositoriesFlag, printRepositories, type RepositoryForm } from "./repository-list.ts";
import { formatTable, paragraphs } from "./table.ts";

interface PushFlags
  extends
    BundleFlags,
    SessionFlags,
    RegistryFlags,
    MapFlags,
    TargetFlags,
    DeliveryFlags,
    RepointTermFlags,
    VerifyFirstFlag {
  readonly listRepositories?: RepositoryForm;
  readonly repoint?: string;
  /** False for --no-rollback. */
  readonly rollback?: boolean;
}

export const addPushCommand: AddCommand = (program, start) => {
  const command = program
    .command("push")
    .summary("bring a bundle into a registry")
    .description(
      "Checks a bundle and pushes its images and charts. Everything but the blobs' own bytes is " +
        "checked before anything is sent, and those while they are sent, all before the first tag: " +
        "a damaged bundle leaves no tag. Every manifest is read back. What the registry refuses " +
        "stops nothing else; a chart gets its tag last, and only if its images are there. Run again " +
        "after a failure, it sends only what is missing.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .argument("[target]", "REGISTRY[:PORT][/PREFIX]; without it that of the target file");
  addTargetFileFlag(command, start);
  addMapFlags(command);
  addDeliveryFlags(command)
    .option(
      "--no-rollback",
      "refuse what is not newer than the bundle of the receipt that is there",
    )
    .addOption(listRepositoriesFlag());
  addVerifyFirstFlag(addBundleFlags(command));
  addRegistryFlags(command).addOption(immutableFlag());
  const sets = addLaterFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray push app-1.2.0.tar.gz registry.internal:5000/mirror --key release.pub --dry-run",
    "dray push app-1.2.0.tar.gz registry.internal:5000/mirror --key release.pub \\",
    "  --receipt app-1.2.0.receipt.json",
    "dray push app-1.2.0.tar.gz --target-file target.yaml --key release.pub \\",
    "  --repoint deploy --values prod.yaml",
  ]);
  command.action(async (path: string, target: string | undefined, flags: PushFlags) => {
    if (flags.repoint === undefined) await refuseRepointFlags(command);
    await runPush({ path, target }, { flags, sets }, await start(flags));
  });
};

/** What is done when all is there; most of it is for those who know `dray repoint`. */
function addLaterFlags(command: Command): readonly ValueSet[] {
  command
    .optionsGroup("When all is there:")
    .option("--repoint <dir>", "write the values with which the charts pull from there, proven");
  const before = new Set(command.options);
  const sets = addRepointFlags(command);
  const usual = ["--values", "--set", "--pull-secret"];
  for (const option of command.options) {
    if (before.has(option)) continue;
    option.helpGroup("When all is there:");
    if (!usual.includes(option.long ?? "")) seldom(option);
  }
  return sets;
}

async function runPush(
  { path, target }: { path: string; target: string | undefined },
  { flags, sets }: { flags: PushFlags; sets: readonly ValueSet[] },
  session: Session,
): Promise<void> {
  const { listRepositories, push } = await import("../index.ts");
  await refuseReceiptOnStdout(flags);
  const repoint = await laterTerms(flags, sets, session);
  const options = {
    path,
    target: await requireTarget(target, flags),
    mapping: await readMapping(flags),
    ...deliveryTerms(flags),
    policy: flags.fromFile?.policy,
    verifyFirst: flags.verifyFirst,
    noRollback: await noRollback(flags),
    ...(await bundleChoices(flags, session)),
  };
  const { listRepositories: form, immutable } = flags;
  if (form !== undefined) {
    const list = await listRepositories(options, session.run);
    await printRepositories(list, { listRepositories: form, immutable }, session);
    return;
  }
  const registry = await registryAccess(flags, session);
  const taken = flags.dryRun === true ? flags.fromFile : undefined;
  const say = (report: PushReport): Said => ({
    document: { ...report, ...(taken && { targetFile: taken }) },
    text: () =>
      paragraphs([
        formatTaken(taken),
        renderPush(report, flags),
        report.repoint === undefined ? "" : renderRepoint(report.repoint),
      ]),
    later: report.repoint && {
      problems: formatProblems(repointFindings(report.repoint)),
      refusal: report.repoint.good ? undefined : refusal(report.repoint),
    },
  });
  await printDelivery(() => push({ ...options, registry, repoint }, session.run), say, session);
}

/** @throws DrayError `DRAY_USAGE` for values that nothing would use */
async function laterTerms(
  flags: PushFlags,
  sets: readonly ValueSet[],
  session: Session,
): Promise<RepointTerms | undefined> {
  if (flags.repoint !== undefined) {
    const terms = await repointTerms(flags, sets, session);
    return { ...terms, output: flags.repoint };
  }
  const { DrayError, isGiven } = await import("../index.ts");
  if (!sets.some(isGiven)) return undefined;
  throw new DrayError("DRAY_USAGE", "Cannot use values: a push alone has no use for them", {
    kind: "usage",
    hint: "Add --repoint DIR, which writes the values that charts are installed with.",
  });
}

/** Without a receipt there is nothing to compare with. */
async function noRollback({ rollback, receipt }: PushFlags): Promise<boolean> {
  if (rollback !== false) return false;
  if (receipt !== undefined) return true;
  const { DrayError } = await import("../index.ts");
  throw new DrayError("DRAY_USAGE", "Cannot use --no-rollback without --receipt", {
    kind: "usage",
    hint: "Name the receipt that earlier pushes of this bundle have written, and this one writes.",
  });
}

function renderPush(report: PushReport, { verbose, verifyTarget }: PushFlags): string {
  const { artifacts, dryRun, bundle, registry, findings } = report;
  const pinned = verbose === true ? formatTable(artifacts.map((one) => [one.pinned])) : "";
  const readBack = verifyTarget === true ? "every byte" : "every manifest";
  const isWhole = artifacts.every(({ result }) => result !== "failed" && result !== "held");
  const what = `${bundle.name} ${bundle.version} (${bundle.digest})`;
  const done = dryRun
    ? `Nothing was sent to ${registry}.\n`
    : isWhole
      ? `${what} is in ${registry}; ${readBack} was read back.\n`
      : `${what} is in ${registry} in part.\n`;
  return paragraphs([
    formatNotes(findings),
    formatArtifacts(report),
    pinned,
    formatRepositories(report),
    formatTotals(report) + done,
  ]);
}
