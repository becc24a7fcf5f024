import { basename } from "node:path";
import type { Archive } from "../archive/archive.ts";
import { framedSize } from "../archive/members/gzip-members.ts";
import { partOf } from "../archive/parts/part-name.ts";
import { damagedParts, endsEarly } from "../archive/parts/part-damage.ts";
import type { PartSet } from "../archive/parts/part-set.ts";
import { tarSize } from "../archive/tar/tar-writer.ts";
import { zeroTailOf } from "../archive/tar/zero-tail.ts";
import { attempt, findingOf, hasErrors, type Finding } from "../finding.ts";
import { blobPath, INDEX_FILE } from "../oci/image-layout.ts";
import { headSource, readLayout } from "./layout.ts";
import { CONTENTS_FILE } from "./format.ts";
import { readContents, type BundleView } from "./view.ts";

/** Adds to what is wrong with a bundle what its carrier tells of the cause. */
export async function nameCarrierDamage(
  findings: readonly Finding[],
  carrier: Archive,
  view: BundleView,
): Promise<readonly Finding[]> {
  if (!hasErrors(findings) || carrier.kind === "directory") return findings;
  const { named, lack } = await nameTruncation(findings, carrier, view);
  const { path, size, parts } = carrier;
  const isAlone = parts?.pieces.length === 1 && parts.sums === undefined;
  if (parts !== undefined && !isAlone) return nameParts(named, parts, lack);
  const zeroed = await zeroTailOf(parts?.pieces ?? [{ path, size }]);
  return zeroed === undefined ? named : [findingOf(zeroed), ...findings];
}

/** What says nothing of a part: whose signature counts, and what was left out on purpose. */
const NO_DAMAGE: ReadonlySet<string> = new Set([
  "BLOBS_LEFT_OUT",
  "SIGNATURE_MISSING",
  "SIGNATURE_NO_KEY",
  "SIGNATURE_NOT_TRUSTED",
]);

/** Says which parts are to be carried again, and of nothing else that it should be. */
async function nameParts(
  findings: readonly Finding[],
  parts: PartSet,
  lack: string | undefined,
): Promise<readonly Finding[]> {
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.every(({ code }) => NO_DAMAGE.has(code))) return findings;
  const isCut = errors.some(({ code }) => code === "ARCHIVE_TRUNCATED");
  const found =
    parts.sums === undefined && isCut ? endsEarly(parts, lack) : await damagedParts(parts);
  if (found.length === 0) return findings;
  return [...found, ...findings.map(withoutHint)];
}

/** To carry all of it again is what most of them say. */
function withoutHint(finding: Finding): Finding {
  const { code, severity, message, entry, wanted, found } = finding;
  return {
    code,
    severity,
    message,
    ...(entry !== undefined && { entry }),
    ...(wanted !== undefined && { wanted }),
    ...(found !== undefined && { found }),
  };
}

/** Where it can be told how much is missing, the findings say so, and `lack` is that in words. */
async function nameTruncation(
  findings: readonly Finding[],
  carrier: Archive,
  view: BundleView,
): Promise<{ named: readonly Finding[]; lack?: string }> {
  const cut = findings.findIndex(({ code }) => code === "ARCHIVE_TRUNCATED");
  const finding = findings[cut];
  if (finding === undefined) return { named: findings };
  const { named, lack } = await truncation(finding, carrier, view);
  return { named: findings.with(cut, named), ...(lack !== undefined && { lack }) };
}

const ALL_PARTS =
  "It is a part: put the others beside it, or name the folder where they lie with --parts.";

/** Says of a carrier that was cut how much is missing, where what arrived tells all sizes. */
async function truncation(
  finding: Finding,
  carrier: Archive,
  view: BundleView,
): Promise<{ named: Finding; lack?: string }> {
  const { path, size } = carrier;
  const part = carrier.parts?.part ?? partOf(basename(path));
  const named = part === undefined ? finding : { ...finding, hint: ALL_PARTS };
  // Other gzip has a size of its own.
  if (carrier.kind !== "tar" || !carrier.isWholeFile || !areAsWritten(view)) return { named };
  const { bytes, isExact } = await wholeTarSize(view);
  const wanted = carrier.framing === "members" ? framedSize(bytes) : bytes;
  if (wanted <= size) return { named };
  const least = isExact ? "" : "at least ";
  const sized = {
    ...named,
    message: `${finding.message}; expected ${least}${wanted} bytes of file, found ${size}: ${least}${wanted - size} are missing`,
    wanted: `${least}${wanted} bytes`,
    found: `${size} bytes`,
  };
  return { named: sized, lack: `${least}${wanted - size} bytes` };
}

/** False for a tar that somebody else has written: with directories, links or records of its own. */
function areAsWritten({ entries }: BundleView): boolean {
  let end = 0;
  return [...entries.values()].every(({ path: name, size, position }) => {
    const start = end + tarSize([{ name, size: 0 }]) - tarSize([]);
    end += tarSize([{ name, size }]) - tarSize([]);
    return start === position;
  });
}

/** Bytes of the whole tar, as far as its head tells the sizes of what should follow. */
async function wholeTarSize(view: BundleView): Promise<{ bytes: number; isExact: boolean }> {
  const sizes = await listedSizes(view);
  const all = new Map([...view.entries].map(([path, { size }]) => [path, size]));
  let isExact = true;
  for (const path of view.sums?.keys() ?? []) {
    const size = all.get(path) ?? sizes.get(path);
    if (size === undefined) isExact = false;
    all.set(path, size ?? 0);
  }
  return { bytes: tarSize([...all].map(([name, size]) => ({ name, size }))), isExact };
}

/** Sizes by path: of files as `bundle.json` says, of blobs and charts as the manifests do. */
async function listedSizes(view: BundleView): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  const bySum = new Map<string, number>();
  const unread: Finding[] = [];
  const contents = await attempt(unread, CONTENTS_FILE, () => readContents(view));
  for (const { path, size } of contents?.files ?? []) sizes.set(path, size);
  const graph = await attempt(unread, INDEX_FILE, () => readLayout(view, headSource(view)));
  for (const { digest, size } of graph?.reachable.values() ?? []) {
    sizes.set(blobPath(digest), size);
    bySum.set(digest, size);
  }
  // A chart as a plain file is a blob too.
  for (const [path, sum] of view.sums ?? []) {
    const size = bySum.get(`sha256:${sum}`);
    if (size !== undefined) sizes.set(path, size);
  }
  return sizes;
}
