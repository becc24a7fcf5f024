import { kindOf, type Artifact } from "../bundle/artifact.ts";
import { junkFinding } from "../bundle/locate.ts";
import { readGraph, type LayoutGraph, type Root } from "../content/graph.ts";
import { selectPlatforms } from "../content/select-platforms.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { Annotation } from "../oci/image-layout.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isImageConfigType } from "../oci/media-type.ts";
import type { Platform } from "../oci/platform.ts";
import { adoptCharts, chartIn } from "./charts.ts";
import { checkNames, nameRoots, type NamedRoot } from "./adopt-names.ts";
import type { BlobPool } from "./blob-pool.ts";
import type { ForeignIdentity } from "./foreign-content.ts";
import type { GivenNames } from "./given-names.ts";
import type { Foreign } from "./read-foreign.ts";
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

/** What others have packed, as artifacts of a bundle; all of it only if `findings` has no error. */
export interface Adopted {
  readonly artifacts: readonly Artifact[];
  readonly identity: ForeignIdentity | undefined;
  readonly findings: readonly Finding[];
}

/** Gives every image and chart that was found its name, and follows all that it needs. */
export async function adopt(foreign: Foreign, options: AdoptOptions): Promise<Adopted> {
  const { blobs } = foreign;
  const charts = await adoptCharts(foreign.charts, { blobs, created: options.created });
  const selected = await selectAll(nameRoots(foreign.roots, options.names), blobs, options);
  const roots = [...charts.roots, ...selected.roots];
  const graph = await readGraph(blobs, roots.map(labelled));
  const followed = nameReferrers(matched(roots, graph));
  const { artifacts, findings } = await artifactsOf(followed, graph, blobs);
  return {
    artifacts,
    identity: foreign.identity ?? onlyChart(artifacts),
    findings: [
      ...junkFinding(foreign),
      ...foreign.findings,
      ...charts.findings,
      ...selected.findings,
      ...checkNames(followed, options),
      ...(await explainSparse(graph, blobs)).map((finding) => judged(finding, options)),
      ...(options.platforms.length > 0 ? [] : unreferenced(blobs, graph)),
      ...findings,
    ],
  };
}

/** Leaves out platforms that nobody asked for. */
async function selectAll(
  roots: readonly NamedRoot[],
  blobs: BlobPool,
  { platforms }: AdoptOptions,
): Promise<{ roots: readonly NamedRoot[]; findings: Finding[] }> {
  if (platforms.length === 0) return { roots, findings: [] };
  const kept: NamedRoot[] = [];
  const findings: Finding[] = [];
  for (const root of roots) {
    try {
      kept.push(await selectFrom(root, blobs, platforms));
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, root.descriptor.digest));
    }
  }
  return { roots: kept, findings };
}

async function selectFrom(
  named: NamedRoot,
  blobs: BlobPool,
  platforms: readonly Platform[],
): Promise<NamedRoot> {
  const { descriptor, name = descriptor.digest } = named;
  const read = (wanted: Descriptor): Promise<Buffer> => blobs.read(wanted);
  const { mediaType } = descriptor;
  const manifest = parseManifest(await read(descriptor), { mediaType, what: name });
  if (manifest.kind === "manifest" && !isImageConfigType(manifest.config.mediaType)) return named;
  const { root, index } = await selectPlatforms(descriptor, { platforms, name, read });
  if (index !== undefined) blobs.addDocument(index);
  return { ...named, descriptor: root };
}

/** As an entry of an `index.json`; what has no name goes by its digest. */
function labelled({ descriptor, name }: NamedRoot): Descriptor {
  return { ...descriptor, annotations: { [Annotation.refName]: name ?? descriptor.digest } };
}

/** A named root whose graph could be read. */
interface FollowedRoot extends NamedRoot {
  readonly root: Root;
}

function matched(named: readonly NamedRoot[], { roots }: LayoutGraph): FollowedRoot[] {
  return named.flatMap((one) => {
    const root = roots.find(
      ({ name, descriptor }) =>
        descriptor.digest === one.descriptor.digest && name === labelOf(one),
    );
    return root === undefined ? [] : [{ ...one, root }];
  });
}

function labelOf({ name, descriptor }: NamedRoot): string {
  return name ?? descriptor.digest;
}

/** Signatures and the like stand in a layout without a name: they belong to what they are about. */
function nameReferrers(followed: readonly FollowedRoot[]): FollowedRoot[] {
  return followed.map((item) => {
    const { subject } = item.root.manifest;
    if (item.name !== undefined || subject === undefined) return item;
    const about = followed.find(
      ({ name, root }) => name !== undefined && root.blobs.has(subject.digest),
    );
    const repository = about?.name?.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
    const { digest } = item.descriptor;
    return repository === undefined ? item : { ...item, name: `${repository}@${digest}` };
  });
}

async function artifactsOf(
  followed: readonly FollowedRoot[],
  { metadata }: LayoutGraph,
  source: BlobPool,
): Promise<{ artifacts: Artifact[]; findings: Finding[] }> {
  const artifacts = new Map<string, Artifact>();
  const findings: Finding[] = [];
  for (const item of followed) {
    const reference = labelOf(item);
    const artifact: Artifact = { reference, root: item.root, metadata, source };
    artifacts.set(reference, artifact);
    try {
      const chart = await chartIn(artifact, source);
      if (chart !== undefined) artifacts.set(reference, { ...artifact, chart });
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, reference));
    }
  }
  return { artifacts: [...artifacts.values()], findings };
}

/** Without a name of its own, the whole is called after the one chart in it. */
function onlyChart(artifacts: readonly Artifact[]): ForeignIdentity | undefined {
  const [only, ...others] = artifacts.filter((artifact) => kindOf(artifact) === "chart");
  if (only?.chart === undefined || others.length > 0) return undefined;
  const { name, version } = only.chart.metadata;
  return { name, version };
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
