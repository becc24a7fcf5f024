import type { DeliveryReport, DrayError, PushedArtifact, PushIncomplete } from "../index.ts";
import { formatProblems } from "./findings.ts";
import type { Session } from "./session.ts";
import { formatBytes, formatTable, paragraphs, plural, shortDigest } from "./table.ts";

/** What is said of a delivery, whatever command it is of. */
export interface Said {
  /** With what only this command has to say. */
  readonly document: DeliveryReport;
  readonly text: () => string;
  /** What came of work that followed the delivery: problems with it, and why it is not good. */
  readonly later?: { readonly problems: string; readonly refusal: string | undefined } | undefined;
}

/**
 * Runs a delivery and prints its report. One that is not complete is printed too, with what is wrong on
 * stderr, and ends the program with 4; a rehearsal of one with 3.
 */
export async function printDelivery<R extends DeliveryReport>(
  work: () => Promise<R>,
  say: (report: R) => Said,
  session: Session,
): Promise<void> {
  const { PushIncomplete } = await import("../index.ts");
  let report: R;
  let error: DrayError | undefined;
  try {
    report = await work();
  } catch (cause) {
    if (!(cause instanceof PushIncomplete)) throw cause;
    // Whoever throws it has put its own report in.
    report = (cause as PushIncomplete<R>).report;
    error = cause;
  }
  const { document, text, later } = say(report);
  const wrong = paragraphs([
    formatProblems(report.findings),
    formatUndelivered(report),
    later?.problems ?? "",
  ]);
  const { code = "", message = "", hint } = error ?? {};
  session.print(
    error === undefined ? document : { ...document, error: { code, message, hint } },
    text,
    wrong,
  );
  if (error !== undefined) session.leaveUnfinished();
  else if (report.artifacts.some(isUndelivered)) session.refuse("");
  else refuseLater(later, session);
}

function refuseLater(later: Said["later"], session: Session): void {
  if (later?.refusal !== undefined) session.refuse(later.refusal);
}

function isUndelivered({ result }: PushedArtifact): boolean {
  return result === "failed" || result === "held";
}

/** What did not get there, each with its reason and way out; what has the same reason stands together. */
function formatUndelivered({ artifacts, registry, dryRun }: DeliveryReport): string {
  const left = artifacts.filter(isUndelivered);
  if (left.length === 0) return "";
  const groups = [...new Set(left.map(reasonOf))].map((reason) => {
    const rows = left
      .filter((one) => reasonOf(one) === reason)
      .map(({ result, kind, target }) => [wordFor(result, dryRun), kind, target]);
    return `${formatTable(rows)}${reason}`;
  });
  const isOne = left.length === 1;
  const are = dryRun ? "would not be" : isOne ? "is not" : "are not";
  const head = `dray: ${left.length} of ${plural(artifacts.length, "artifact")} ${are} in ${registry} under ${isOne ? "its name" : "their names"} [PUSH_INCOMPLETE]\n`;
  return paragraphs([head, ...groups, formatMissing(artifacts)]);
}

function reasonOf({ error = "", hint }: PushedArtifact): string {
  return `  ${error}\n${hint === undefined ? "" : `  → ${hint}\n`}`;
}

/** All repositories that somebody has to make, at once. */
function formatMissing(artifacts: readonly PushedArtifact[]): string {
  const missing = artifacts.filter(({ code }) => code === "DRAY_REPOSITORY_MISSING");
  if (missing.length === 0) return "";
  const names = new Set(missing.map(({ pinned }) => pinned.slice(0, pinned.indexOf("@"))));
  const lines = [...names].map((name) => `  ${name}\n`).join("");
  return `Missing repositories:\n${lines}  → --list-repositories prints all that this needs, with =aws or =terraform as what makes them.\n`;
}

function wordFor(result: PushedArtifact["result"], dryRun: boolean): string {
  const word = result === "held" ? "held back" : result;
  if (!dryRun || result === "present") return word;
  return result === "failed" ? "would fail" : `would be ${word}`;
}

/** The artifacts of a report, a line each. */
export function formatArtifacts({ artifacts, dryRun }: DeliveryReport): string {
  return formatTable(
    artifacts.map(({ kind, target, digest, result }) => [
      wordFor(result, dryRun),
      kind,
      target,
      shortDigest(digest),
    ]),
  );
}

/** How much moved, or would. */
export function formatTotals({ totals, dryRun, artifacts }: DeliveryReport): string {
  const { copied, mounted, skipped } = totals;
  const would = dryRun ? "Dry run: would send" : "Sent";
  const moved = [
    `${would} ${plural(copied.blobs, "blob")} (${formatBytes(copied.bytes)})`,
    `${dryRun ? "mount" : "mounted"} ${mounted.blobs} (${formatBytes(mounted.bytes)})`,
    `${skipped.blobs} (${formatBytes(skipped.bytes)}) ${dryRun ? "are" : "were"} there.\n`,
  ];
  return moved.join(", ") + formatUnchecked(artifacts);
}

function formatUnchecked(artifacts: readonly PushedArtifact[]): string {
  const places = artifacts.flatMap(({ pinned, blobs }) =>
    blobs.flatMap(({ digest, sizeUnchecked }) =>
      sizeUnchecked === true ? pinned.replace(/@.*/, `@${digest}`) : [],
    ),
  );
  const { size } = new Set(places);
  if (size === 0) return "";
  return `Size not checked of ${plural(size, "blob")} that the registry says to have: its storage does not answer from here.\n`;
}

/** Repositories that a rehearsal did not find. */
export function formatRepositories({ repositories, registry }: DeliveryReport): string {
  const named = (presence: string): string =>
    repositories
      .filter((one) => one.presence === presence)
      .map(({ repository }) => `  ${repository}\n`)
      .join("");
  const [made, unknown] = [named("new"), named("unknown")];
  return paragraphs([
    made === "" ? "" : `A push makes these repositories in ${registry}:\n${made}`,
    unknown === ""
      ? ""
      : `Not there, or not to be seen, and ${registry} does not say whether a push makes them:\n${unknown}`,
  ]);
}
