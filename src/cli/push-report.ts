import type { PushReport } from "../index.ts";
import { formatBytes, formatTable, plural, shortDigest } from "./table.ts";

/** What a push did, for people who commit it or file it. */
export function receiptOf(report: PushReport): object {
  return { receiptVersion: 1, ...report };
}

export function renderPush({ artifacts, totals, dryRun, bundle, registry }: PushReport): string {
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
  return `${formatTable(rows)}\n${summary}.\n${done}\n`;
}
