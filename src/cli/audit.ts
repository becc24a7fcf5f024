import type { Command } from "commander";
import type { AuditReport } from "../index.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import type { Session } from "./session.ts";
import { formatBytes, formatTable, paragraphs, plural } from "./table.ts";

/** Flags of a check of what a registry has. */
export interface AuditFlags extends RegistryFlags {
  readonly receipt?: string;
  readonly target?: string;
  readonly content?: boolean;
}

export function addAuditFlags(command: Command): void {
  command
    .optionsGroup("What a registry has:")
    .option("--receipt <file>", "audit what `dray push --receipt` has brought to a registry")
    .option("--content", "read every byte of it and hash it, and not only compare sizes");
  addRegistryFlags(command);
}

/** A bundle is checked, or what a registry has. */
export async function requireOneSubject(
  bundle: string | undefined,
  { receipt, content }: AuditFlags,
): Promise<void> {
  const isOne = (bundle === undefined) !== (receipt === undefined);
  if (isOne && (content !== true || receipt !== undefined)) return;
  const { DrayError } = await import("../index.ts");
  throw new DrayError(
    "DRAY_USAGE",
    isOne
      ? "Cannot use --content with a bundle: it is for what a receipt names"
      : `Cannot check: expected either a bundle or --receipt, found ${bundle === undefined ? "neither" : "both"}`,
    {
      kind: "usage",
      hint: isOne
        ? "`dray verify` reads every byte of a bundle."
        : "A bundle is checked for what its charts pull, a receipt for what a registry still has.",
    },
  );
}

export async function runAudit(
  receipt: string,
  flags: AuditFlags,
  session: Session,
): Promise<void> {
  const { run, print, refuse } = session;
  const { audit } = await import("../index.ts");
  const registry = await registryAccess(flags, session);
  const { target, content } = flags;
  const report = await audit({ receipt, target, content, registry }, run);
  print(report, () => renderAudit(report), formatProblems(report.findings));
  if (!report.good) refuse(verdictOn(report));
}

function renderAudit(report: AuditReport): string {
  const { bundle, finished, target, tags, blobs, bytes, findings } = report;
  const { name = "unknown", version = "", digest = "none" } = bundle;
  const rows = [
    ["bundle", `${name} ${version}`],
    ["bundle digest", digest],
    ["pushed", finished],
    ["target", target],
    ["compared", `${plural(tags, "tag")}, ${plural(blobs, "blob")} (${formatBytes(bytes)})`],
  ];
  return paragraphs([formatTable(rows), formatNotes(findings), verdictOn(report)]);
}

function verdictOn({ good, content, unchecked, blobs }: AuditReport): string {
  if (blobs === 0) return "Nothing was compared: the receipt names nothing that was pushed.\n";
  if (!good) return "Different: the registry does not have what was pushed.\n";
  if (unchecked > 0) {
    return `Good as far as can be told from here: every tag and manifest is as it was pushed. Size not checked of ${plural(unchecked, "blob")}, as the registry's storage does not say it.\n`;
  }
  return content
    ? "Good: every tag, and every byte, is as it was pushed.\n"
    : "Good: every tag and manifest is as it was pushed, and every blob has its size.\n";
}
