import { requireUsable, type OpenedBundle } from "../bundle/opened.ts";
import { foreseePush } from "../delivery/foresee.ts";
import { readReceipt } from "../delivery/receipt-file.ts";
import type { Receipt } from "../delivery/receipt.ts";
import { DrayError } from "../errors.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { hasErrors, type Finding } from "../finding.ts";
import { describeContents, type BundleReport } from "../report/bundle-report.ts";
import { compareSides, type Changes } from "../report/compare.ts";
import { describePush } from "../report/pushes.ts";
import { sideOfBundle } from "../report/read-side.ts";
import { ReportFile } from "../report/report-file.ts";
import { VERSION } from "../version.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";
import { withSide } from "./open-side.ts";

export interface ReportOptions extends BundleOptions {
  /** An earlier release to compare with: a bundle, a lock or a receipt. */
  readonly since?: string | undefined;
  /** Files that pushes of this bundle have written. */
  readonly receipts?: readonly string[] | undefined;
  /** File to write: a page (`.html`), text for a ticket (`.md`) or a document for programs (`.json`). */
  readonly output?: string | undefined;
  /** Look at the place of the file, and write nothing there. @default false */
  readonly dryRun?: boolean | undefined;
}

/**
 * Says on one page what a bundle is and on whose word, for those who decide whether it is taken in.
 * Reads every byte, as `verify` does, and opens no connection. A bundle that is refused is reported
 * too, as far as it could be read.
 *
 * @throws DrayError `DRAY_RECEIPT_INVALID`, `DRAY_RECEIPT_OTHER_BUNDLE`, `DRAY_LOCK_INVALID`, `DRAY_OUTPUT_REFUSED`
 */
export async function report(
  options: ReportOptions,
  runOptions: RunOptions = {},
): Promise<BundleReport> {
  const run = startRun(runOptions);
  const { path, since, output } = options;
  // Whose word is enough is for `verify` and `push` to ask; here it is part of the answer.
  const trust = { ...options.trust, allowUnsigned: true };
  const choices = { ...options, trust };
  const file = output === undefined ? undefined : await ReportFile.prepare(output);
  const receipts = await readReceipts(options.receipts ?? []);
  const written = await withBundle(
    { ...choices, content: "hashed" },
    run,
    async (opened, carrier) => {
      const pushes = receipts.map(([from, receipt]) => {
        requireSameBundle(from, receipt, opened);
        return describePush(from, receipt);
      });
      const foreseen = foreseePush(opened.contents?.artifacts ?? []);
      const findings = [...opened.findings, ...foreseen];
      return {
        schemaVersion: 1,
        written: new Date().toISOString(),
        generator: `dray ${VERSION}`,
        bundle: { path, size: carrier.size, ...identityOf(opened) },
        verdict: verdictOn(opened, findings),
        signedBy: opened.signedBy.map(({ id, from }) => ({ id, from })),
        ...describeContents(opened),
        findings,
        pushes,
      } as const;
    },
  );
  const changes =
    since === undefined || written.verdict === "refused"
      ? undefined
      : await changesSince(since, choices, run);
  const whole = changes === undefined ? written : { ...written, since: changes };
  if (options.dryRun !== true) await file?.write(whole);
  return whole;
}

function identityOf({
  form,
  isForeign,
  bundleDigest,
  contents,
}: OpenedBundle): Omit<BundleReport["bundle"], "path" | "size"> {
  const { name, version, created, generator } = contents ?? {};
  return { form, isForeign, digest: bundleDigest, name, version, created, generator };
}

function verdictOn(
  { graph, signedBy }: OpenedBundle,
  findings: readonly Finding[],
): BundleReport["verdict"] {
  if (hasErrors(findings) || graph === undefined) return "refused";
  return signedBy.length > 0 ? "good" : "unsigned";
}

/** Charts are searched again for what they need, so the bundle has to be one that can be used. */
async function changesSince(since: string, options: BundleOptions, run: Run): Promise<Changes> {
  const { path } = options;
  return withSide({ ...options, path: since }, run, (before) =>
    withBundle({ ...options, content: "readable", blobs: "elsewhere" }, run, async (opened) => {
      const now = await sideOfBundle(requireUsable(path, opened), run);
      return compareSides({ ...before, path: since }, { ...now, path });
    }),
  );
}

async function readReceipts(paths: readonly string[]): Promise<[string, Receipt][]> {
  const read: [string, Receipt][] = [];
  for (const path of paths) read.push([path, await readReceipt(path)]);
  return read;
}

function requireSameBundle(path: string, { bundle }: Receipt, opened: OpenedBundle): void {
  if (opened.bundleDigest === undefined || bundle.digest === opened.bundleDigest) return;
  const found = bundle.digest ?? "a receipt that names none";
  throw new DrayError(
    "DRAY_RECEIPT_OTHER_BUNDLE",
    `Cannot report receipt ${JSON.stringify(path)}: expected a push of the bundle ${opened.bundleDigest}, found ${found}`,
    { kind: "usage", hint: "Name the receipt of a push of this very bundle." },
  );
}
