import { basename, dirname } from "node:path";
import type { Archive } from "../archive/archive.ts";
import { framedSize } from "../archive/members/gzip-members.ts";
import { joining, partOf } from "../archive/parts.ts";
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
  const zeroed = await zeroTailOf(carrier.path, carrier.size);
  if (zeroed !== undefined) return [findingOf(zeroed), ...findings];
  const cut = findings.findIndex(({ code }) => code === "ARCHIVE_TRUNCATED");
  const finding = findings[cut];
  if (finding === undefined) return findings;
  return findings.with(cut, await truncation(finding, carrier, view));
}

/** Says of a carrier that was cut how much is missing, where what arrived tells all sizes. */
async function truncation(finding: Finding, carrier: Archive, view: BundleView): Promise<Finding> {
  const { path, size } = carrier;
  const part = partOf(basename(path));
  const named = part === undefined ? finding : { ...finding, hint: joining(part, dirname(path)) };
  // Other gzip has a size of its own.
  if (carrier.kind !== "tar" || !carrier.isWholeFile || !areAsWritten(view)) return named;
  const { bytes, isExact } = await wholeTarSize(view);
  const wanted = carrier.framing === "members" ? framedSize(bytes) : bytes;
  if (wanted <= size) return named;
  const least = isExact ? "" : "at least ";
  return {
    ...named,
    message: `${finding.message}; expected ${least}${wanted} bytes of file, found ${size}: ${least}${wanted - size} are missing`,
    wanted: `${least}${wanted} bytes`,
    found: `${size} bytes`,
  };
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
