import type { Archive } from "../archive/archive.ts";
import { framedSize } from "../archive/gzip-members.ts";
import { tarSize } from "../archive/tar-writer.ts";
import { zeroTailOf } from "../archive/zero-tail.ts";
import { DrayError } from "../errors.ts";
import { findingOf, hasErrors, type Finding } from "../finding.ts";
import { blobPath } from "../oci/image-layout.ts";
import { headSource, readLayout, readManifest } from "./check-contents.ts";
import type { BundleView } from "./view.ts";

/** Names that programs give the first part of a file that they split. */
const FIRST_PART = /\.(?:part)?[-_.]?(?:a+|0*[01]|z01)$/i;

type Carrier = Pick<Archive, "path" | "form" | "size">;

/** Adds to what is wrong with a bundle what its carrier tells of the cause. */
export async function nameCarrierDamage(
  findings: readonly Finding[],
  carrier: Carrier,
  view: BundleView,
): Promise<readonly Finding[]> {
  if (!hasErrors(findings) || carrier.size === 0) return findings;
  const zeroed = await zeroTailOf(carrier.path, carrier.size);
  if (zeroed !== undefined) return [findingOf(zeroed), ...findings];
  const cut = findings.findIndex(({ code }) => code === "ARCHIVE_TRUNCATED");
  const finding = findings[cut];
  if (finding === undefined) return findings;
  return findings.with(cut, await truncation(finding, carrier, view));
}

/** Says of a carrier that was cut how much is missing, where what arrived tells all sizes. */
async function truncation(
  finding: Finding,
  { path, form, size }: Carrier,
  view: BundleView,
): Promise<Finding> {
  const named = FIRST_PART.test(path)
    ? { ...finding, hint: "Its name is that of a part: join all parts in order, with `cat`." }
    : finding;
  const whole = await wholeTarSize(view);
  const isFramed = form.startsWith("gzip members");
  // Other gzip has a size of its own.
  if (whole === undefined || (!isFramed && form !== "tar")) return named;
  const wanted = isFramed ? framedSize(whole) : whole;
  return {
    ...named,
    message: `${finding.message}; expected ${wanted} bytes of file, found ${size}: ${wanted - size} are missing`,
    wanted: `${wanted} bytes`,
    found: `${size} bytes`,
  };
}

/** Bytes of the whole tar, from the sizes that its head states; undefined where that was cut too. */
async function wholeTarSize(view: BundleView): Promise<number | undefined> {
  try {
    const sizes = await listedSizes(view);
    const all = new Map([...view.entries].map(([path, { size }]) => [path, size]));
    for (const path of view.sums?.keys() ?? []) {
      const size = all.get(path) ?? sizes.get(path);
      if (size === undefined) return undefined;
      all.set(path, size);
    }
    return tarSize([...all].map(([name, size]) => ({ name, size })));
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

/** Sizes by path: of blobs as the manifests say, of files as `bundle.json` does. */
async function listedSizes(view: BundleView): Promise<ReadonlyMap<string, number>> {
  const { files } = await readManifest(view);
  const { reachable } = await readLayout(view, headSource(view));
  const sizes = new Map(files.map(({ path, size }) => [path, size]));
  const bySum = new Map<string, number>();
  for (const { digest, size } of reachable.values()) {
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
