import type { BundleReport, ReportedImage } from "./bundle-report.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes as people read them: `1.5 GiB`. */
export function formatSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** `2026-11-28 14:03 UTC`; of a stranger's text nothing else is let through. */
export function formatTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return "at a time not known";
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Who has made a bundle, and when where it says so; undefined where that could not be read. */
export function makerOf(bundle: BundleReport["bundle"]): string | undefined {
  const { isForeign, generator, created = "" } = bundle;
  if (isForeign) return "Others";
  // What was made without a time says the first of all.
  const isTimed = generator !== undefined && Date.parse(created) > 0;
  return isTimed ? `${generator}, ${formatTime(created)}` : generator;
}

/** Whether anything is known of what a bundle holds: of one that is refused it may be nothing. */
export function isUnread({ verdict, bytes, files }: BundleReport): boolean {
  return verdict === "refused" && bytes.blobs === 0 && files.length === 0;
}

export function titleOf({ bundle: { name, version, path } }: BundleReport): string {
  return name === undefined ? path : `${name} ${version ?? ""}`.trim();
}

interface Verdict {
  readonly title: string;
  readonly text: string;
}

export function verdictOn({ verdict, signedBy, bundle, findings }: BundleReport): Verdict {
  if (verdict === "good") {
    const signers = count(signedBy.length, "trusted key");
    return {
      title: "Good",
      text: `Everything is there, unchanged since it was signed by ${signers}.`,
    };
  }
  if (verdict === "refused") {
    const errors = findings.filter(({ severity }) => severity === "error").length;
    const text = `Do not use this bundle: ${count(errors, "error")}, listed under findings.`;
    return { title: "Refused", text };
  }
  const text = bundle.isForeign
    ? "Every image is complete. Others have made this, and nothing says whether it was changed."
    : "Everything is there. No trusted key has signed it, so nothing says whether it was changed.";
  return { title: "Whole, but on nobody’s word", text };
}

/** Why an image is in the bundle. */
export function reasonFor({ neededBy }: ReportedImage): string {
  return neededBy.length === 0 ? "Asked for by name" : `Needed by ${neededBy.join(", ")}`;
}

export function weightOf({ size, own, sharedWith }: ReportedImage): string {
  const shared = size - own;
  if (shared === 0) return formatSize(size);
  const [first, ...more] = sharedWith;
  const others = more.length === 0 ? "" : ` and ${more.length} more`;
  const whom = first === undefined ? "" : ` with ${first.reference}${others}`;
  return `${formatSize(size)}, of it ${formatSize(shared)} shared${whom}`;
}

export const RESULTS = {
  pushed: "pushed",
  overwritten: "overwritten",
  present: "was there",
  failed: "FAILED",
  held: "held back",
  unfinished: "unfinished",
} as const;

export const OUTCOMES = {
  done: "Done: everything is there under its name",
  partial: "Partly done: what failed or was held back is not there under its name",
  failed: "Failed before the end",
  interrupted: "Interrupted before the end",
} as const;

/** No name or message that is to be read is longer. */
const MAX_SHOWN = 1000;

/**
 * What a stranger wrote, for people: controls, format characters (which reorder or hide what stands
 * around them), separators of lines and halves of characters become visible, and what goes on for
 * pages is cut.
 */
export function visible(text: string): string {
  const shown =
    text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
  return shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu, (character) =>
    character === "\n" ? " " : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
