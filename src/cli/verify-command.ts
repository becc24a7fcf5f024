import type { VerifyReport } from "../index.ts";
import { addBundleFlags, bundleChoices, type BundleFlags } from "./bundle-flags.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addExamples } from "./flags.ts";
import { addTrustFileFlag, type TargetFlags } from "./target-flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs, plural } from "./table.ts";

export const addVerifyCommand: AddCommand = (program, start) => {
  const command = program
    .command("verify")
    .summary("check every byte of a bundle, and who has signed it")
    .description(
      "Checks a bundle without using it: its form, its signature, every byte against the signed " +
        "list, and that every image is complete. Everything that is wrong is named at once. " +
        "Exit code 3 means: do not use it.",
    )
    .argument("<bundle>", "bundle file or unpacked directory");
  addTrustFileFlag(addBundleFlags(command), start);
  addOutputFlags(command);
  addExamples(command, [
    "dray verify app-1.2.0.tar.gz --key release.pub",
    "dray verify app-1.2.0.tar.gz --key alice.pub --key bob.pub --require 2",
    "dray verify app-1.2.0.tar.gz --json > findings.json",
  ]);
  command.action(async (path: string, flags: BundleFlags & TargetFlags & SessionFlags) => {
    const session = await start(flags);
    const { run, print, refuse } = session;
    const { verify } = await import("../index.ts");
    const { policy } = flags.fromFile ?? {};
    const report = await verify({ path, policy, ...(await bundleChoices(flags, session)) }, run);
    print(report, () => renderVerify(report), formatProblems(report.findings));
    if (!report.good) refuse(refusal(report));
  });
};

/** Nothing is wrong with it; it is not all there. */
function isOnlyDelta({ findings, delta }: VerifyReport): boolean {
  const errors = findings.filter(({ severity }) => severity === "error");
  return delta !== undefined && errors.every(({ code }) => code === "BLOBS_LEFT_OUT");
}

function refusal(report: VerifyReport): string {
  return isOnlyDelta(report) ? DELTA : REFUSED;
}

const DELTA =
  "Not whole: a delta. What is in it is as its list says; what stayed behind nobody has seen here. --base proves both together, and `dray push` asks its target.\n";

const REFUSED = "Refused: do not use this bundle.\n";

function renderVerify(report: VerifyReport): string {
  const { path, form, size, bundleDigest, signedBy, manifest, findings } = report;
  const isDelta = report.delta !== undefined;
  const signers = signedBy.map(({ id, from }) => `${id} (${from})`);
  const rows = [
    ["bundle", path],
    [
      "form",
      [form, ...(size === 0 ? [] : [formatBytes(size)]), ...(isDelta ? ["a delta"] : [])].join(
        ", ",
      ),
    ],
    ["bundle digest", bundleDigest ?? "none"],
    ["signed by", signers[0] ?? "no trusted key"],
    ...signers.slice(1).map((signer) => ["", signer]),
  ];
  if (manifest !== undefined) {
    const { name, version, artifacts, files } = manifest;
    rows.push([
      "holds",
      `${name} ${version}: ${plural(artifacts.length, "artifact")}, ${plural(files.length, "file")}`,
    ]);
  }
  return paragraphs([formatTable(rows), formatNotes(findings), verdictOn(report)]);
}

/** That nothing was changed is known on the word of a trusted key alone. */
function verdictOn(report: VerifyReport): string {
  const { good, isForeign, signedBy } = report;
  if (!good) return refusal(report);
  if (signedBy.length > 0) return "Good: everything is there and unchanged.\n";
  return isForeign
    ? "Whole: every image is complete. Others have made this, and nothing says whether it was changed.\n"
    : "Whole: everything is there. No trusted key has signed it, so nothing says whether it was changed.\n";
}
