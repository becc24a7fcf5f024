import type { LayoutGraph, Root } from "../content/graph.ts";
import { attempt, type Finding } from "../finding.ts";
import { blobPath, INDEX_FILE } from "../oci/image-layout.ts";
import { provenancePath } from "./artifact.ts";
import { CONTENTS_FILE, type ContentsDocument } from "./format.ts";
import { headSource, readLayout } from "./layout.ts";
import { readContents, type BundleView } from "./view.ts";

/** More names than these say no more. */
const MAX_NAMED = 3;

/** An artifact and what it needs. */
export interface Needing {
  /** `image docker.io/library/alpine:3.20` */
  readonly label: string;
  readonly blobs: Root["blobs"];
  /** A chart as a plain file. */
  readonly file?: string | undefined;
}

/** Says which artifacts lose something where a file of a bundle is lost; undefined for what none needs. */
export type NeededBy = (path: string) => string | undefined;

/** Goes through the artifacts once, however many files are lost. */
export function neededBy(artifacts: readonly Needing[]): NeededBy {
  const labels = new Map<string, string[]>();
  for (const { label, blobs, file } of artifacts) {
    const files = file === undefined ? [] : [file, provenancePath(file)];
    for (const path of [...[...blobs.keys()].map(blobPath), ...files]) {
      const before = labels.get(path);
      if (before === undefined) labels.set(path, [label]);
      else before.push(label);
    }
  }
  return (path) => {
    const names = labels.get(path);
    if (names === undefined) return undefined;
    const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "";
    return `${names.slice(0, MAX_NAMED).join(", ")}${more}`;
  };
}

/** The artifacts of a bundle, as far as is known what it holds. */
export function needingOf({ contents, graph }: Pick<Damaged, "contents" | "graph">): Needing[] {
  const listed = new Map(contents?.artifacts.map((one) => [one.reference, one]));
  const roots = graph?.roots ?? [];
  return roots.map(({ name, descriptor, blobs }) => {
    const called = name ?? descriptor.digest;
    const { kind = "artifact", file } = listed.get(called) ?? {};
    return { label: `${kind} ${called}`, blobs, file };
  });
}

interface Damaged {
  readonly view: BundleView;
  readonly contents: ContentsDocument | undefined;
  readonly graph: LayoutGraph | undefined;
}

/** Says of everything that is damaged where it stands in the file and which artifacts need it, once. */
export async function nameNeeds(
  findings: readonly Finding[],
  damaged: Damaged,
): Promise<readonly Finding[]> {
  const { view } = damaged;
  const isOfFile = ({ severity, entry }: Finding): boolean =>
    severity === "error" && entry !== undefined && isListed(view, entry);
  if (!findings.some(isOfFile)) return findings;
  const needOf = neededBy(needingOf(await known(damaged)));
  const named = new Set<string>();
  const said: Finding[] = [];
  for (const finding of findings) {
    const { entry = "" } = finding;
    const isFirst = isOfFile(finding) && !named.has(entry);
    if (isFirst) named.add(entry);
    said.push(isFirst ? await withNeed(finding, view, needOf(entry)) : finding);
  }
  return said;
}

function isListed(view: BundleView, path: string): boolean {
  return view.entries.has(path) || view.sums?.has(path) === true;
}

/** Of a bundle that cannot be read to its end, what describes the rest stands first. */
async function known({ view, contents, graph }: Damaged): Promise<Damaged> {
  const unread: Finding[] = [];
  return {
    view,
    contents: contents ?? (await attempt(unread, CONTENTS_FILE, () => readContents(view))),
    graph: graph ?? (await attempt(unread, INDEX_FILE, () => readLayout(view, headSource(view)))),
  };
}

async function withNeed(
  finding: Finding,
  view: BundleView,
  need: string | undefined,
): Promise<Finding> {
  const { code, entry = "" } = finding;
  const place = code === "ENTRY_ALTERED" ? await view.placeInFile(entry) : undefined;
  const where = place === undefined ? "" : `; it is ${place} of the file`;
  const who = need === undefined ? "" : `; needed by ${need}`;
  return { ...finding, message: `${finding.message}${where}${who}` };
}
