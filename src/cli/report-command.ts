import type { BundleReport } from "../index.ts";
import { addLookFlags, bundleChoices, type BundleFlags } from "./bundle-flags.ts";
import { formatProblems } from "./findings.ts";
import { addExamples, repeatable } from "./flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { formatTable, paragraphs, plural } from "./table.ts";

interface ReportFlags extends BundleFlags, SessionFlags {
  readonly output?: string;
  readonly since?: string;
  readonly receipt?: readonly string[];
  readonly dryRun?: boolean;
}

export const addReportCommand: AddCommand = (program, start) => {
  const command = program
    .command("report")
    .summary("say on one page what a bundle is, for those who decide")
    .description(
      "Checks every byte as `dray verify` does and writes one page for a change board: the verdict " +
        "and who has signed, images with platforms, sizes and why each is in, where the bytes are, " +
        "charts, signatures of images, findings, what was left out, what changed since an earlier " +
        "release, and what was pushed where. The page needs no network and runs no script. A " +
        "bundle that is refused gets a page too, and exit code 3.",
    )
    .argument("<bundle>", "bundle file or unpacked directory");
  command
    .optionsGroup("The page:")
    .option(
      "-o, --output <file>",
      "write a page (.html), text (.md) or a document (.json); - is text",
    )
    .option("--since <old>", "say what changed since this bundle, lock or receipt")
    .addOption(repeatable("--receipt <file>", "say what this push has brought where"))
    .option("--dry-run", "check bundle and place, say what would be written, write nothing");
  addLookFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray report shop-1.4.0.tar.gz --key release.pub -o shop-1.4.0.html",
    "dray report shop-1.4.0.tar.gz --since shop-1.3.0.tar.gz --receipt receipt.json -o shop.html",
    "dray report shop-1.4.0.tar.gz -o - | less    # as text",
  ]);
  command.action(async (path: string, flags: ReportFlags) => {
    const session = await start(flags);
    const { run, print, refuse } = session;
    const { formatReport, report } = await import("../index.ts");
    const { output, since, receipt: receipts, dryRun } = flags;
    const isPrinted = output === undefined || output === "-";
    const place = isPrinted ? {} : { output };
    const choices = await bundleChoices(flags, session);
    const written = await report({ path, since, receipts, dryRun, ...place, ...choices }, run);
    const text = (): string =>
      isPrinted ? formatReport(written, "md") : renderWritten(output, written, dryRun);
    const isOnPage = isPrinted && flags.quiet !== true && flags.json !== true;
    print(written, text, isOnPage ? "" : formatProblems(written.findings));
    if (written.verdict === "refused") refuse("Refused: do not use this bundle.\n");
  });
};

const VERDICTS: Readonly<Record<BundleReport["verdict"], string>> = {
  good: "Good: everything is there and unchanged.\n",
  unsigned:
    "Whole: everything is there. No trusted key has signed it, so nothing says whether it was changed.\n",
  refused: "Refused: do not use this bundle.\n",
};

function renderWritten(
  output: string,
  { verdict, images, charts, files }: BundleReport,
  dryRun = false,
): string {
  const holds = [
    plural(images.length, "image"),
    plural(charts.length, "chart"),
    plural(files.length, "file"),
  ];
  return paragraphs([
    formatTable([
      ["report", output],
      ["holds", holds.join(", ")],
    ]),
    VERDICTS[verdict],
    dryRun ? "Dry run: this would be written. Nothing was.\n" : "",
  ]);
}
