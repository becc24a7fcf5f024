import type { DiffReport, DiffSide, ItemChange } from "../index.ts";
import { addLookFlags, bundleChoices, type BundleFlags } from "./bundle-flags.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addExamples } from "./flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs, plural, section, shortDigest } from "./table.ts";

export const addDiffCommand: AddCommand = (program, start) => {
  const command = program
    .command("diff")
    .summary("say what changed between two releases")
    .description(
      "Compares two bundles, locks or receipts, in any mix: images, charts and files that are new, " +
        "gone or changed, platforms that got lost, bytes to carry, images that charts need now, and " +
        "who has signed. What one of them cannot tell is said. Opens no connection. Takes " +
        "unsigned bundles too, with a warning. Exit code 0, whatever differs: --json has `same`.",
    )
    .argument("<old>", "bundle, bundle.lock.json or receipt")
    .argument("<new>", "the same of another release");
  addLookFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray diff shop-1.3.0.tar.gz shop-1.4.0.tar.gz --key release.pub",
    "dray diff receipts/shop-1.3.0.json shop-1.4.0.tar.gz   # against what is there now",
    "git show HEAD~1:bundle.lock.json > old.json && dray diff old.json bundle.lock.json",
  ]);
  command.action(async (old: string, now: string, flags: BundleFlags & SessionFlags) => {
    const session = await start(flags);
    const { diff } = await import("../index.ts");
    const request = { old, new: now, ...(await bundleChoices(flags, session)) };
    const report = await diff(request, session.run);
    session.print(report, () => renderDiff(report), formatProblems(report.findings));
  });
};

function renderDiff(report: DiffReport): string {
  const { added, removed, changed, needs, notCompared, findings } = report;
  return paragraphs([
    formatTable([sideRow("old", report.old), sideRow("new", report.new)]),
    section("Removed:", formatLone("  -", removed)),
    section("Added:", formatLone("  +", added)),
    section("Changed:", changed.map(formatChange).join("")),
    section("Images that charts need:", needs.map(formatNeeds).join("")),
    formatTable([...bytesRow(report), ...signerRows(report)]),
    section("Not compared:", notCompared.map((one) => `  ${one}\n`).join("")),
    formatNotes(findings),
    verdict(report),
  ]);
}

function sideRow(title: string, { path, form, name, version, digest }: DiffSide): string[] {
  const identity = [name, version].filter((part) => part !== undefined).join(" ");
  return [title, form, identity, shortDigest(digest ?? ""), path];
}

function formatLone(sign: string, items: DiffReport["added"]): string {
  return formatTable(
    items.map(({ kind, reference, digest }) => [sign, kind, reference, shortDigest(digest ?? "")]),
  );
}

/** What a board has to see first: a name that stands for something else now, a platform that is gone. */
function formatChange({ kind, old, new: now, change, ...more }: ItemChange): string {
  const { sameContent, platformsLost, platformsGained } = more;
  const isMove = change === "version";
  const digests = [old.digest, now.digest].map((digest) => shortDigest(digest ?? "not known"));
  const what = [
    isMove ? `${old.version} → ${now.version}` : "THE SAME NAME STANDS FOR SOMETHING ELSE",
    sameContent ? "the content is the same" : digests.join(" → "),
    ...platformsLost.map((platform) => `LOST ${platform}`),
    ...platformsGained.map((platform) => `gained ${platform}`),
  ];
  const moved = old.reference !== now.reference && !isMove ? ` (was ${old.reference})` : "";
  return `  ${kind}  ${now.reference}${moved}\n${what.map((line) => `    ${line}\n`).join("")}`;
}

function formatNeeds({ chart, old, new: now, gained, lost }: DiffReport["needs"][number]): string {
  const versions = old === now ? now : `${old} → ${now}`;
  const lines = [...lost.map((one) => `    - ${one}\n`), ...gained.map((one) => `    + ${one}\n`)];
  return `  ${chart} ${versions}\n${lines.join("")}`;
}

function bytesRow({ bytes }: DiffReport): string[][] {
  if (bytes === undefined) return [];
  const { added, shared, removed } = bytes;
  const text = `${formatBytes(added)} new, ${formatBytes(shared)} in both, ${formatBytes(removed)} no longer`;
  return [["content", text]];
}

function signerRows({ old, new: now, signers }: DiffReport): string[][] {
  if (signers === undefined) return [];
  const both = (now.signedBy ?? []).filter((id) => old.signedBy?.includes(id));
  return [
    ...both.map((id) => ["signed by", id]),
    ...signers.added.map((id) => ["newly signed by", id]),
    ...signers.removed.map((id) => ["NO LONGER signed by", id]),
  ];
}

function verdict(report: DiffReport): string {
  const { same, added, removed, changed, unchanged, needs, signers, notCompared } = report;
  if (same) {
    const limit = notCompared.length === 0 ? "" : ", as far as both can tell";
    return `The same${limit}: ${plural(unchanged, "item")} as before.\n`;
  }
  const isSignedAnew = signers !== undefined && signers.added.length + signers.removed.length > 0;
  const parts = [
    `${added.length} added, ${removed.length} removed, ${changed.length} changed, ${unchanged} as before`,
    ...(needs.length === 0 ? [] : [`${plural(needs.length, "chart")} with other images`]),
    ...(isSignedAnew ? ["other signers"] : []),
  ];
  return `Different: ${parts.join(", ")}.\n`;
}
