import { dirname, resolve } from "node:path";
import { PART_SUMS_ENDING } from "../archive/parts/part-sums.ts";
import { requireFree } from "../bundle/bundle-output.ts";
import type { BundleEntry } from "../bundle/contents.ts";
import { leftBehind } from "../bundle/earlier-part.ts";
import { bytesInPlace, sizeOfBundle } from "../bundle/open-partial.ts";
import { requireSpace } from "../content/disk-space.ts";
import { requireFileSize } from "../content/medium.ts";
import { requirePlace } from "../content/output-place.ts";
import { ImageLayout } from "../layout/layout.ts";
import type { PackPlan } from "./plan.ts";
import type { Resolved } from "./resolve.ts";
import { missingBytes, type Stock } from "./stock.ts";
import { reachable } from "./store.ts";

/** Where a pack would write to. */
interface Places {
  /** Directory of a content store. */
  readonly store?: string | undefined;
  /** File of the bundle. @default one in the directory of this process */
  readonly output?: string | undefined;
}

/** Bytes that a pack would write. */
interface Needed {
  readonly bundle: number;
  /** Into the store, if there is one. */
  readonly download: number;
}

/**
 * Whether what a pack without --force would fetch and write has a place, and room there.
 * @throws DrayError if it has not
 */
export async function requirePlaceAndRoom(
  resolved: readonly Resolved[],
  { store, output: given }: Places,
): Promise<Needed> {
  const bundle = [...reachable(resolved)].reduce((sum, { size }) => sum + size, 0);
  if (given !== undefined) {
    await requireOutput(given);
    await requireFree(given, { size: bundle });
  }
  const output = given ?? "bundle.tar.gz";
  const layout = store === undefined ? undefined : new ImageLayout(store);
  const download = await missingBytes(resolved, {
    shelves: [],
    store: layout,
    present: await leftBehind(output),
  });
  await requireSpace([
    ...(store === undefined ? [] : [{ path: store, bytes: download, purpose: "store" }]),
    { path: output, bytes: bundle, purpose: "bundle" },
  ]);
  return { bundle, download };
}

/** Refuses a place where a bundle, or the list of its sums, cannot be written. @throws DrayError `DRAY_OUTPUT_REFUSED` */
export async function requireOutput(output: string): Promise<void> {
  await requirePlace(output, "bundle");
  await requirePlace(output + PART_SUMS_ENDING, "list of sums");
}

/** Refuses to start what the disks have no room for. @throws DrayError `DRAY_DISK_FULL`, `DRAY_FILE_TOO_LARGE` */
export async function requireRoom(
  { output, size, download }: PackPlan,
  { store }: Stock,
  { entries, split }: { entries: readonly BundleEntry[]; split?: number | undefined },
): Promise<void> {
  await requireFileSize(dirname(resolve(output)), {
    bytes: Math.min(sizeOfBundle(entries), split ?? Infinity),
    what: split === undefined ? "the bundle" : "parts of the bundle",
    hint: "`--split fat32` writes it in parts that this file system takes.",
  });
  const there = await bytesInPlace(output, entries, split);
  await requireSpace([
    { path: output, bytes: Math.max(0, size - there), purpose: "bundle" },
    ...(store === undefined ? [] : [{ path: store.directory, bytes: download, purpose: "store" }]),
  ]);
}
