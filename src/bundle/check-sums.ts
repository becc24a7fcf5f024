import type { Entry } from "../archive/scan.ts";
import { counted } from "../content/content.ts";
import { attempt, type Finding } from "../finding.ts";
import { INDEX_FILE, LAYOUT_FILE } from "../oci/image-layout.ts";
import { SUMS_FILE, UNLISTED } from "./format.ts";
import type { Absent } from "./left-out.ts";
import { sumOf } from "./mending.ts";
import type { Listening } from "./read-carrier.ts";
import type { Sums } from "./sums.ts";
import type { BundleView } from "./view.ts";

/** What is verified by its own digest when it is used, which is the one that the list has. */
const PROVES_ITSELF = /^blobs\/sha256\//;

/** Hashes what is listed, was not hashed on the way, and is never looked at as a blob. */
export async function hashUnproven(
  view: BundleView,
  sums: Sums,
  { signal, onEvent, findings }: Listening & { readonly findings: Finding[] },
): Promise<BundleView> {
  const entries = new Map(view.entries);
  for (const [path, entry] of view.entries) {
    const isKnown = entry.sha256 !== undefined || PROVES_ITSELF.test(path) || !sums.has(path);
    if (isKnown || !view.canOpen(entry)) continue;
    signal?.throwIfAborted();
    const sha256 = await attempt(findings, path, () => sumOf(counted(view.open(entry), onEvent)));
    entries.set(path, { ...entry, sha256 });
  }
  return view.with(entries);
}

/**
 * The list against the entries: none missing, none extra, none altered. Where not all of the carrier
 * was seen, what is missing is not news.
 */
export function checkSums(
  sums: Sums,
  entries: ReadonlyMap<string, Entry>,
  { isWhole, absent }: { isWhole: boolean; absent?: Absent },
): Finding[] {
  const findings: Finding[] = [];
  for (const [path, sum] of sums) {
    const entry = entries.get(path);
    if (entry === undefined) {
      if (isWhole && absent?.has(path) !== true) findings.push(missing(path));
    } else if (entry.sha256 !== undefined && entry.sha256 !== sum) {
      findings.push(altered(path, sum, entry.sha256));
    }
  }
  for (const path of entries.keys()) {
    if (!sums.has(path) && !UNLISTED.has(path)) findings.push(extra(path));
  }
  return findings;
}

export function missing(path: string): Finding {
  const hint =
    path === INDEX_FILE || path === LAYOUT_FILE
      ? "Was this unpacked with --strip-components, or copied without its top-level files?"
      : "The copy is incomplete. Copy it again.";
  return {
    code: "ENTRY_MISSING",
    severity: "error",
    entry: path,
    message: `${path} is missing`,
    hint,
  };
}

function altered(path: string, wanted: string, found: string): Finding {
  return {
    code: "ENTRY_ALTERED",
    severity: "error",
    entry: path,
    message: `${path} was changed: its content is not what ${SUMS_FILE} says`,
    wanted: `sha256:${wanted}`,
    found: `sha256:${found}`,
    hint: "Copy the bundle again from where it was made.",
  };
}

/** Whoever unpacks a bundle where it lies has both in one folder. */
const ARCHIVE_NAME = /^[^/]+\.(?:tar|tar\.[a-z0-9]+|tgz|tzst|zip)$/i;

function extra(path: string): Finding {
  return {
    code: "ENTRY_EXTRA",
    severity: "error",
    entry: path,
    message: `${path} is not in ${SUMS_FILE}: it was added after the bundle was made`,
    hint: ARCHIVE_NAME.test(path)
      ? "If it is the archive that this was unpacked from, name that, or move it elsewhere. Nothing of it was used."
      : "Find out who added it. Nothing of it was used.",
  };
}
