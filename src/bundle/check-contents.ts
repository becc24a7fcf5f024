import { readGraph, type GraphSource, type LayoutGraph } from "../content/graph.ts";
import type { Finding } from "../finding.ts";
import {
  blobPath,
  INDEX_FILE,
  LAYOUT_FILE,
  MAX_INDEX_BYTES,
  parseIndexFile,
} from "../oci/image-layout.ts";
import { attempt } from "./attempt.ts";
import {
  MANIFEST_FILE,
  MAX_BUNDLE_MANIFEST_BYTES,
  parseBundleManifest,
  type BundleManifest,
} from "./format.ts";
import { checkLayoutFiles } from "./layout-files.ts";
import { mend } from "./mend.ts";
import type { Extent } from "./read-carrier.ts";
import type { Sums } from "./sums.ts";
import { checkAgreement, checkSums } from "./validate.ts";
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
  /** Where whatever is found goes. */
  readonly findings: Finding[];
}

/** The entries against the list, then the layout, then `bundle.json` against the layout. */
export async function checkContents({
  view: carried,
  sums,
  extent,
  findings,
}: Unchecked): Promise<Contents> {
  const complete = extent === "all";
  const before = findings.length;
  if (extent === "part") {
    // The carrier broke off: reading on would only say so in other words.
    findings.push(...checkSums(sums, carried.entries, { complete }));
    return { view: carried, manifest: undefined, graph: undefined };
  }
  const mended = await mend(carried, sums);
  const view = carried.with(mended.entries, sums);
  findings.push(...checkSums(sums, view.entries, { complete }));
  const damaged = findings.slice(before).map(({ entry }) => entry);
  findings.push(...mended.findings);
  const manifest = damaged.includes(MANIFEST_FILE)
    ? undefined
    : await attempt(findings, MANIFEST_FILE, async () =>
        parseBundleManifest(await view.readSmall(MANIFEST_FILE, MAX_BUNDLE_MANIFEST_BYTES)),
      );
  const layout = await attempt(findings, LAYOUT_FILE, () => checkLayoutFiles(view));
  findings.push(...(layout ?? []));
  const graph = await attempt(findings, INDEX_FILE, async () =>
    readGraph(
      extent === "head" ? headSource(view) : view,
      parseIndexFile(await view.readSmall(INDEX_FILE, MAX_INDEX_BYTES), INDEX_FILE),
    ),
  );
  findings.push(...(graph?.findings.filter(({ entry }) => !isKnown(entry, damaged)) ?? []));
  if (manifest !== undefined && graph !== undefined) {
    findings.push(...checkAgreement(manifest, graph, { view, complete }));
  }
  return { view, manifest, graph };
}

/** Behind the head, the list has to do: what it names counts as there. */
function headSource(view: BundleView): GraphSource {
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
