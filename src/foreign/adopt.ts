import { adoptCharts, readChart } from "./adopt-charts.ts";
import { checkNames, nameRoots, type Candidate } from "./adopt-names.ts";
import type { Part } from "../bundle/assemble.ts";
import type { PlainFile } from "../bundle/contents.ts";
import { junkFinding } from "../bundle/locate.ts";
import { readGraph, type LayoutGraph, type Root } from "../content/graph.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { BlobPool } from "./blob-pool.ts";
import type { ForeignIdentity } from "./foreign-content.ts";
import type { Foreign } from "./read-foreign.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { Annotation } from "../oci/image-layout.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isImageConfigType } from "../oci/media-type.ts";
import type { Platform } from "../oci/platform.ts";
import type { GivenNames } from "./given-names.ts";
import { chartArtifact, chartFiles } from "../bundle/chart-files.ts";
import { selectPlatforms } from "../content/select-platforms.ts";
import { explainSparse } from "./sparse-index.ts";

export interface AdoptOptions {
  readonly names: GivenNames;
  /** Of every image only these; none at all means every platform. */
  readonly platforms: readonly Platform[];
  /** Time stamp of charts that become artifacts. */
  readonly created: Date;
  /** Nothing can be used without a name; to be looked at, a digest will do. */
  readonly isNameNeeded: boolean;
  readonly includeNonDistributable: boolean;
}

/** What others have packed, as parts of a bundle; all of it only if `findings` has no error. */
export interface Adopted {
  readonly parts: readonly Part[];
  readonly plain: readonly PlainFile[];
  readonly blobs: BlobPool;
  readonly identity: ForeignIdentity | undefined;
  readonly findings: readonly Finding[];
}

/** Gives every image and chart that was found its name, and follows all that it needs. */
export async function adopt(foreign: Foreign, options: AdoptOptions): Promise<Adopted> {
  const { blobs } = foreign;
  const charts = await adoptCharts(foreign.charts, { blobs, created: options.created });
  const selected = await selectAll(nameRoots(foreign.roots, options.names), blobs, options);
  const candidates = [...charts.candidates, ...selected.candidates];
  const graph = await readGraph(blobs, candidates.map(labelled));
  const found = nameReferrers(matched(candidates, graph));
  const { parts, plain, findings } = await partsOf(found, graph, blobs);
  return {
    parts,
    plain,
    blobs,
    identity: foreign.identity ?? onlyChart(parts),
    findings: [
      ...junkFinding(foreign),
      ...foreign.findings,
      ...charts.findings,
      ...selected.findings,
      ...checkNames(found, options),
      ...(await explainSparse(graph, blobs)).map((finding) => judged(finding, options)),
      ...(options.platforms.length > 0 ? [] : unreferenced(blobs, graph)),
      ...findings,
    ],
  };
}

/** Leaves out platforms that nobody asked for. */
async function selectAll(
  candidates: readonly Candidate[],
  blobs: BlobPool,
  { platforms }: AdoptOptions,
): Promise<{ candidates: readonly Candidate[]; findings: Finding[] }> {
  if (platforms.length === 0) return { candidates, findings: [] };
  const kept: Candidate[] = [];
  const findings: Finding[] = [];
  for (const candidate of candidates) {
    try {
      kept.push(await selectFrom(candidate, blobs, platforms));
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, candidate.descriptor.digest));
    }
  }
  return { candidates: kept, findings };
}

async function selectFrom(
  candidate: Candidate,
  blobs: BlobPool,
  platforms: readonly Platform[],
): Promise<Candidate> {
  const { descriptor, name = descriptor.digest } = candidate;
  const read = (wanted: Descriptor): Promise<Buffer> => blobs.read(wanted);
  const { mediaType } = descriptor;
  const manifest = parseManifest(await read(descriptor), { mediaType, what: name });
  if (manifest.kind === "manifest" && !isImageConfigType(manifest.config.mediaType)) {
    return candidate;
  }
  const { root, index } = await selectPlatforms(descriptor, { platforms, name, read });
  if (index !== undefined) blobs.addDocument(index);
  return { ...candidate, descriptor: root };
}

/** As an entry of an `index.json`; what has no name goes by its digest. */
function labelled({ descriptor, name }: Candidate): Descriptor {
  return { ...descriptor, annotations: { [Annotation.refName]: name ?? descriptor.digest } };
}

/** A candidate whose graph could be read. */
type Found = Candidate & { readonly root: Root };

function matched(candidates: readonly Candidate[], { roots }: LayoutGraph): Found[] {
  return candidates.flatMap((candidate) => {
    const root = roots.find(
      ({ name, descriptor }) =>
        descriptor.digest === candidate.descriptor.digest && name === labelOf(candidate),
    );
    return root === undefined ? [] : [{ ...candidate, root }];
  });
}

function labelOf({ name, descriptor }: Candidate): string {
  return name ?? descriptor.digest;
}

/** Signatures and the like stand in a layout without a name: they belong to what they are about. */
function nameReferrers(found: readonly Found[]): Found[] {
  return found.map((item) => {
    const { subject } = item.root.manifest;
    if (item.name !== undefined || subject === undefined) return item;
    const about = found.find(
      ({ name, root }) => name !== undefined && root.blobs.has(subject.digest),
    );
    const repository = about?.name?.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
    const { digest } = item.descriptor;
    return repository === undefined ? item : { ...item, name: `${repository}@${digest}` };
  });
}

async function partsOf(
  found: readonly Found[],
  { metadata }: LayoutGraph,
  blobs: BlobPool,
): Promise<{ parts: Part[]; plain: PlainFile[]; findings: Finding[] }> {
  const parts = new Map<string, Part>();
  const plain = new Map<string, PlainFile>();
  const findings: Finding[] = [];
  for (const item of found) {
    const part: Part = { reference: labelOf(item), root: item.root, metadata };
    parts.set(part.reference, part);
    try {
      const chart = await readChart(part, blobs);
      if (chart === undefined) continue;
      parts.set(part.reference, { ...part, more: chartArtifact(chart) });
      for (const file of chartFiles(chart, blobs)) {
        plain.set(`${file.path} ${file.descriptor.digest}`, file);
      }
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, part.reference));
    }
  }
  return { parts: [...parts.values()], plain: [...plain.values()], findings };
}

/** Without a name of its own, the whole is called after the one chart in it. */
function onlyChart(parts: readonly Part[]): ForeignIdentity | undefined {
  const [chart, ...others] = parts.flatMap(({ more }) => (more?.kind === "chart" ? [more] : []));
  if (chart?.name === undefined || chart.version === undefined || others.length > 0) {
    return undefined;
  }
  return { name: chart.name, version: chart.version };
}

/** Layers that their license keeps out of other registries go on only if the user says so. */
function judged(finding: Finding, { includeNonDistributable }: AdoptOptions): Finding {
  if (finding.code !== "LAYER_NOT_DISTRIBUTABLE" || includeNonDistributable) return finding;
  const hint = "If you may carry it, pack it with --from and --include-nondistributable.";
  return { ...finding, severity: "error", hint };
}

function unreferenced(blobs: BlobPool, { reachable }: LayoutGraph): Finding[] {
  const idle = blobs.digests().filter((digest) => !reachable.has(digest));
  const [first] = idle;
  if (first === undefined) return [];
  const message = `${idle.length} blobs, such as ${first}, are needed by nothing and are left out`;
  return [{ code: "BLOB_UNREFERENCED", severity: "warning", entry: first, message }];
}
