import { readGraph, type GraphSource, type LayoutGraph } from "../content/graph.ts";
import type { Finding } from "../finding.ts";
import {
  blobPath,
  INDEX_FILE,
  LAYOUT_FILE,
  MAX_INDEX_BYTES,
  parseIndexFile,
} from "../oci/image-layout.ts";
import { nameAccidents } from "./accidents.ts";
import { attempt } from "./attempt.ts";
import {
  MANIFEST_FILE,
  MAX_BUNDLE_MANIFEST_BYTES,
  parseBundleManifest,
  type BundleManifest,
} from "./format.ts";
import { checkLayoutFiles } from "./check-layout.ts";
import { leaveOutUnlisted } from "./leave-out.ts";
import { mend } from "./mend.ts";
import type { Extent } from "./read-carrier.ts";
import type { Sums } from "./sums.ts";
import { checkAgreement, checkSums } from "./agreement.ts";
import type { BundleView } from "./view.ts";

/** What a bundle turned out to hold. */
export interface Contents {
  /** With all that was put right. */
  readonly view: BundleView;
  readonly manifest: BundleManifest | undefined;
  readonly graph: LayoutGraph | undefined;
}

interface Unchecked {
  readonly view: BundleView;
  readonly sums: Sums;
  readonly extent: Extent;
  /** Leave out what the list does not name. */
  readonly repair: boolean;
  /** Where whatever is found goes. */
  readonly findings: Finding[];
}

/** The entries against the list, then the layout, then `bundle.json` against the layout. */
export async function checkContents(unchecked: Unchecked): Promise<Contents> {
  const { view: carried, sums, extent, findings } = unchecked;
  const complete = extent === "all";
  if (extent === "part") {
    // The carrier broke off: reading on would only say so in other words.
    findings.push(...checkSums(sums, carried.entries, { complete }));
    const view = carried.with(carried.entries, sums);
    return { view, manifest: undefined, graph: undefined };
  }
  const before = findings.length;
  const view = await mendedView(unchecked);
  const wrong = checkSums(sums, view.entries, { complete });
  findings.push(...wrong);
  const damaged = wrong.map(({ entry }) => entry);
  const manifest = damaged.includes(MANIFEST_FILE)
    ? undefined
    : await attempt(findings, MANIFEST_FILE, () => readManifest(view));
  const layout = await attempt(findings, LAYOUT_FILE, () => checkLayoutFiles(view));
  findings.push(...(layout ?? []));
  const source = extent === "head" ? headSource(view) : view;
  const graph = await attempt(findings, INDEX_FILE, () => readLayout(view, source));
  findings.push(...(graph?.findings.filter(({ entry }) => !isKnown(entry, damaged)) ?? []));
  if (manifest !== undefined && graph !== undefined) {
    findings.push(...checkAgreement(manifest, graph, { view, complete }));
  }
  // What has happened is said before what comes of it.
  const accidents = await nameAccidents({ view, graph, findings: findings.slice(before) });
  findings.splice(before, 0, ...accidents);
  return { view, manifest, graph };
}

/** The bundle with all put right that can be, and without what does not belong to it. */
async function mendedView({ view, sums, repair, findings }: Unchecked): Promise<BundleView> {
  const mended = await mend(view, sums);
  const left = repair ? leaveOutUnlisted(mended.entries, sums) : undefined;
  findings.push(...mended.findings, ...(left?.findings ?? []));
  return view.with(left?.entries ?? mended.entries, sums);
}

export async function readManifest(view: BundleView): Promise<BundleManifest> {
  return parseBundleManifest(await view.readSmall(MANIFEST_FILE, MAX_BUNDLE_MANIFEST_BYTES));
}

export async function readLayout(view: BundleView, source: GraphSource): Promise<LayoutGraph> {
  const index = await view.readSmall(INDEX_FILE, MAX_INDEX_BYTES);
  return readGraph(source, parseIndexFile(index, INDEX_FILE));
}

/** Behind the head, the list has to do: what it names counts as there. */
export function headSource(view: BundleView): GraphSource {
  return {
    read: (descriptor) => view.read(descriptor),
    sizeOf: (descriptor) =>
      view.sizeOf(descriptor) ??
      (view.sums?.has(blobPath(descriptor.digest)) === true ? descriptor.size : undefined),
  };
}

function isKnown(entry: string | undefined, damaged: readonly (string | undefined)[]): boolean {
  return (
    entry !== undefined && damaged.some((path) => path?.endsWith(entry.replace(/^sha\d+:/, "/")))
  );
}
