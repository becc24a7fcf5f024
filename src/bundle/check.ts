import type { LayoutGraph } from "../content/graph.ts";
import { attempt, type Finding } from "../finding.ts";
import { blobPath, BLOBS_DIRECTORY, INDEX_FILE, LAYOUT_FILE } from "../oci/image-layout.ts";
import { append } from "../content/append.ts";
import { nameAccidents } from "./accidents.ts";
import { checkAgreement } from "./agreement.ts";
import { checkChartNames } from "./charts.ts";
import { checkSums, hashUnproven, missing } from "./check-sums.ts";
import { MAX_DELTA_BYTES, parseDelta, type DeltaDocument } from "./delta-document.ts";
import { CONTENTS_FILE, DELTA_FILE, type ContentsDocument } from "./format.ts";
import { checkLayoutFiles, headSource, readLayout } from "./layout.ts";
import {
  absentBlobs,
  leftOutFindings,
  leftOutOf,
  withAbsent,
  type Absent,
  type OpenedDelta,
} from "./left-out.ts";
import { mend } from "./mend.ts";
import type { Extent, Listening } from "./read-carrier.ts";
import { checkSkipped } from "./skipped.ts";
import type { Sums } from "./sums.ts";
import { readContents, type BundleView } from "./view.ts";

/** What a bundle turned out to hold. */
export interface Checked {
  /** With all that was put right. */
  readonly view: BundleView;
  readonly contents: ContentsDocument | undefined;
  readonly graph: LayoutGraph | undefined;
  readonly delta?: OpenedDelta | undefined;
}

interface Unchecked extends Listening {
  readonly view: BundleView;
  readonly sums: Sums;
  /** How much of the carrier was seen. */
  readonly extent: Extent;
  /** Leave out what the list does not name. */
  readonly repair: boolean;
  /** Where whatever is found goes. */
  readonly findings: Finding[];
}

/** The entries against the list, then the layout, then the contents document against both. */
export async function checkContents(unchecked: Unchecked): Promise<Checked> {
  const { view: found, sums, extent, repair, findings } = unchecked;
  const isWhole = extent === "all";
  if (extent === "part") {
    // The carrier broke off: reading on would only say so in other words.
    append(findings, checkSums(sums, found.entries, { isWhole }));
    return { view: found.with(found.entries, sums), contents: undefined, graph: undefined };
  }
  const before = findings.length;
  const carried = isWhole ? await hashUnproven(found, sums, unchecked) : found;
  const { view, findings: mended } = await mend(carried, sums, { leaveOut: repair });
  const document = await documentOf(view, findings);
  const absent = absentBlobs(document, { sums, view });
  const wrong = checkSums(sums, view.entries, { isWhole, absent });
  append(findings, mended);
  append(findings, wrong);
  const damaged = new Set(wrong.map(({ entry }) => entry));
  const graph = await checkLayout(view, { extent, absent, damaged, findings });
  const delta = document && graph && checkDelta(document, { absent, graph, findings });
  const contents = damaged.has(CONTENTS_FILE)
    ? undefined
    : await attempt(findings, CONTENTS_FILE, () => readContents(view));
  if (contents !== undefined && graph !== undefined) {
    append(findings, checkAgreement(contents, graph, { view, isWhole }));
  }
  // What has happened is said before what comes of it.
  const accidents = await nameAccidents({ view, graph, findings: findings.slice(before) });
  append(accidents, findings.splice(before));
  append(findings, accidents);
  if (contents !== undefined) append(findings, checkSkipped(contents));
  if (contents !== undefined && isWhole) append(findings, await checkChartNames(contents, view));
  return { view, contents, graph, delta };
}

async function documentOf(
  view: BundleView,
  findings: Finding[],
): Promise<DeltaDocument | undefined> {
  if (!view.has(DELTA_FILE)) return undefined;
  return attempt(findings, DELTA_FILE, async () =>
    parseDelta(await view.readSmall(DELTA_FILE, MAX_DELTA_BYTES)),
  );
}

/** What stayed behind is refused, until somebody has it from elsewhere. */
function checkDelta(
  document: DeltaDocument,
  { absent, graph, findings }: { absent: Absent; graph: LayoutGraph; findings: Finding[] },
): OpenedDelta {
  const leftOut = leftOutOf(document, absent, graph);
  const delta = { bases: document.bases, leftOut };
  const known = new Set(leftOut.map(({ descriptor }) => blobPath(descriptor.digest)));
  append(findings, [...absent.keys()].filter((path) => !known.has(path)).map(missing));
  append(findings, leftOutFindings(delta, "error"));
  return delta;
}

/** All that the index names is there, and what is known to be damaged is not said twice. */
async function checkLayout(
  view: BundleView,
  {
    extent,
    absent,
    damaged,
    findings,
  }: {
    extent: Extent;
    absent: Absent;
    damaged: ReadonlySet<string | undefined>;
    findings: Finding[];
  },
): Promise<LayoutGraph | undefined> {
  const files = await attempt(findings, LAYOUT_FILE, () => checkLayoutFiles(view));
  append(findings, files?.filter(({ entry }) => !damaged.has(entry)) ?? []);
  const source = extent === "head" ? headSource(view) : withAbsent(view, absent);
  const graph = await attempt(findings, INDEX_FILE, () => readLayout(view, source));
  const isKnown = (entry: string): boolean =>
    damaged.has(entry.replace(/^(sha\d+):/, `${BLOBS_DIRECTORY}/$1/`));
  append(
    findings,
    graph?.findings.filter(({ entry }) => entry === undefined || !isKnown(entry)) ?? [],
  );
  return graph;
}
