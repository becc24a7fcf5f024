import { kindOf, type Artifact } from "../bundle/artifact.ts";
import { junkFinding } from "../bundle/locate.ts";
import type { LayoutGraph } from "../content/graph.ts";
import { selectPlatforms } from "../content/select-platforms.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isImageConfigType } from "../oci/media-type.ts";
import type { Platform } from "../oci/platform.ts";
import { adoptCharts, chartIn } from "./charts.ts";
import { checkNames, nameRoots, withName, type NamedRoot } from "./adopt-names.ts";
import { isAttached, nameAttached } from "./attached.ts";
import type { BlobPool } from "./blob-pool.ts";
import type { ForeignIdentity } from "./foreign-content.ts";
import { follow, labelOf, type Followed, type FollowedRoot } from "./followed.ts";
import { withoutImplied } from "./implied.ts";
import type { GivenNames, RepositoryName } from "./given-names.ts";
import type { Foreign } from "./join-foreign.ts";
import { besides, leftOut, withoutLists } from "./referrer-lists.ts";
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
  const lists = await withoutLists(nameRoots(foreign.roots, options.names), blobs);
  const found = [...charts.roots, ...lists.roots];
  const whole = await follow(found, blobs);
  const { repository } = options.names;
  const named = withoutImplied(nameAttached(whole.roots)).map((one) => inside(one, repository));
  const kept = { ...whole.graph, roots: named.flatMap(({ root }) => root ?? []) };
  const chosen = await choose({ roots: named, graph: kept }, blobs, options);
  const { roots, graph } = chosen;
  const { artifacts, findings } = await artifactsOf(roots, graph, blobs);
  return {
    artifacts,
    identity: foreign.identity ?? onlyChart(artifacts),
    findings: [
      ...junkFinding(foreign),
      ...foreign.findings,
      ...charts.findings,
      ...lists.findings,
      ...chosen.findings,
      ...checkNames(roots, options),
      ...(await explainSparse(graph, blobs)).map((finding) => judged(finding, options)),
      ...(options.platforms.length > 0 ? [] : unreferenced(blobs, graph, lists)),
      ...findings,
    ],
  };
}

/** What has neither a name nor a tag is at home in the user's repository under its digest. */
function inside(item: FollowedRoot, repository: RepositoryName | undefined): FollowedRoot {
  if (item.name !== undefined || repository === undefined) return item;
  return withName(item, { ...repository, digest: item.descriptor.digest });
}

/** Leaves out platforms that nobody asked for. */
async function choose(
  whole: Followed,
  blobs: BlobPool,
  { platforms }: AdoptOptions,
): Promise<Followed & { findings: readonly Finding[] }> {
  if (platforms.length === 0) return { ...whole, findings: [] };
  const kept: NamedRoot[] = [];
  const findings: Finding[] = [];
  for (const root of whole.roots) {
    try {
      const { attestations, ...chosen } = await selectFrom(root, blobs, platforms);
      kept.push(chosen);
      const subject = chosen.descriptor.digest;
      for (const descriptor of attestations) {
        if (blobs.has(descriptor.digest)) kept.push(besides(root, { descriptor, subject }));
        else findings.push(leftOut(descriptor, subject, "it is not there"));
      }
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      findings.push(findingOf(error, root.descriptor.digest));
    }
  }
  return { ...(await follow(kept, blobs)), findings };
}

async function selectFrom(
  followed: FollowedRoot,
  blobs: BlobPool,
  platforms: readonly Platform[],
): Promise<NamedRoot & { attestations: readonly Descriptor[] }> {
  const { descriptor } = followed;
  const name = labelOf(followed);
  const read = (wanted: Descriptor): Promise<Buffer> => blobs.read(wanted);
  const { mediaType } = descriptor;
  const manifest = parseManifest(await read(descriptor), { mediaType, what: name });
  const isOther = manifest.kind === "manifest" && !isImageConfigType(manifest.config.mediaType);
  if (isOther || isAttached(followed)) return { ...followed, attestations: [] };
  const { root, index, attestations } = await selectPlatforms(descriptor, {
    platforms,
    name,
    read,
  });
  if (index !== undefined) blobs.addDocument(index);
  return { ...followed, descriptor: root, attestations };
}

async function artifactsOf(
  followed: readonly FollowedRoot[],
  { metadata }: LayoutGraph,
  source: BlobPool,
): Promise<{ artifacts: Artifact[]; findings: Finding[] }> {
  const artifacts = new Map<string, Artifact>();
  const findings: Finding[] = [];
  for (const item of followed) {
    if (item.root === undefined) continue;
    const reference = labelOf(item);
    const { root, subject } = item;
    const artifact: Artifact = { reference, root, metadata, source, subject };
    artifacts.set(reference, artifact);
    try {
      const { chart, finding } = await chartIn(artifact, source);
      if (finding !== undefined) findings.push(finding);
      artifacts.set(reference, { ...artifact, chart });
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

function unreferenced(
  blobs: BlobPool,
  { reachable }: LayoutGraph,
  { lists }: { readonly lists: ReadonlySet<Digest> },
): Finding[] {
  const idle = blobs.digests().filter((digest) => !reachable.has(digest) && !lists.has(digest));
  const [first] = idle;
  if (first === undefined) return [];
  const message =
    idle.length === 1
      ? `One blob, ${first}, is needed by nothing and is left out`
      : `${idle.length} blobs, such as ${first}, are needed by nothing and are left out`;
  return [{ code: "BLOB_UNREFERENCED", severity: "warning", entry: first, message }];
}
