import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { Annotation, blobPath } from "../oci/image-layout.ts";
import { VERSION } from "../version.ts";
import { kindOf, referrerOf, type Artifact, type BundleFile } from "./artifact.ts";
import {
  FORMAT_VERSION,
  type ArtifactKind,
  type BundleArtifact,
  type ContentsDocument,
} from "./format.ts";
import type { Skipped } from "./skipped.ts";

/** What to do about two things that would have one name in a bundle. */
export const AMBIGUOUS_HINT =
  "Two charts of one name and version, or two files of one name, need two bundles.";

/** What somebody wants in one bundle. */
export interface Assembly {
  readonly name: string;
  readonly version: string;
  readonly created: Date;
  /** The same reference may stand here twice: it is one thing. */
  readonly artifacts: readonly Artifact[];
  /** Plain files below `files/`, executables below `tools/`. */
  readonly files: readonly BundleFile[];
  readonly skipped?: readonly Skipped[] | undefined;
}

/** What a bundle consists of, without what is made of that: list, signatures, note. */
export interface Assembled {
  readonly document: ContentsDocument;
  /** Entries of `index.json`, each named by its full reference. */
  readonly roots: readonly Descriptor[];
  /** Charts and plain files. */
  readonly plain: readonly BundleFile[];
  /** Manifests, indexes and configs: they stand before the other blobs. */
  readonly metadata: readonly BundleFile[];
  readonly blobs: readonly BundleFile[];
}

/**
 * Puts together what a bundle consists of. The same artifacts give the same result in any order.
 * @throws DrayError `DRAY_BUNDLE_AMBIGUOUS`
 */
export function assemble(assembly: Assembly): Assembled {
  const artifacts = distinct(assembly.artifacts);
  const metadata = new Map<Digest, BundleFile>();
  const blobs = new Map<Digest, BundleFile>();
  for (const artifact of artifacts) {
    for (const descriptor of artifact.root.blobs.values()) {
      const { digest } = descriptor;
      const group = artifact.metadata.has(digest) ? metadata : blobs;
      group.set(digest, { path: blobPath(digest), descriptor, source: artifact.source });
    }
  }
  // A blob that describes one image may be a plain layer of another: it stands once, in front.
  for (const digest of metadata.keys()) blobs.delete(digest);
  return {
    document: documentOf(assembly, artifacts),
    roots: artifacts.map((one) =>
      indexEntry(one.root.descriptor, { kind: kindOf(one), reference: one.reference }),
    ),
    plain: [...chartFiles(artifacts), ...assembly.files],
    metadata: [...metadata.values()],
    blobs: [...blobs.values()],
  };
}

/**
 * Each artifact once, by its reference.
 * @throws DrayError `DRAY_BUNDLE_AMBIGUOUS` for a reference that means two things
 */
export function distinct(artifacts: readonly Artifact[]): Artifact[] {
  const byReference = new Map<string, Artifact>();
  for (const artifact of artifacts) {
    const { reference, root } = artifact;
    const other = byReference.get(reference)?.root.descriptor.digest;
    if (other !== undefined && other !== root.descriptor.digest) {
      throw new DrayError(
        "DRAY_BUNDLE_AMBIGUOUS",
        `Cannot write ${reference} into the bundle: it is ${other} and ${root.descriptor.digest}`,
        { kind: "usage", hint: AMBIGUOUS_HINT },
      );
    }
    byReference.set(reference, artifact);
  }
  return [...byReference.values()].toSorted((a, b) => (a.reference < b.reference ? -1 : 1));
}

/** One chart may be there under two references, and is one file then. */
function chartFiles(artifacts: readonly Artifact[]): BundleFile[] {
  const files = artifacts.flatMap(({ chart }) => chart?.files ?? []);
  return [
    ...new Map(files.map((file) => [`${file.path} ${file.descriptor.digest}`, file])).values(),
  ];
}

/** What `index.json` says of an artifact: its descriptor under its full reference. */
export function indexEntry(
  { mediaType, digest, size }: Descriptor,
  { kind, reference }: { kind: ArtifactKind; reference: string },
): Descriptor {
  const annotations = {
    ...(kind === "image" ? { [Annotation.containerdName]: reference } : {}),
    [Annotation.refName]: reference,
  };
  return { mediaType, digest, size, annotations };
}

function documentOf(assembly: Assembly, artifacts: readonly Artifact[]): ContentsDocument {
  const { skipped = [] } = assembly;
  const files = assembly.files.map(({ path, descriptor: { size }, platform }) => ({
    path,
    size,
    ...(platform === undefined ? {} : { platform }),
  }));
  return {
    formatVersion: FORMAT_VERSION,
    name: assembly.name,
    version: assembly.version,
    created: assembly.created.toISOString().replace(/\.000Z$/, "Z"),
    generator: `dray ${VERSION}`,
    artifacts: artifacts.map(described),
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    ...(skipped.length === 0 ? {} : { skipped }),
  };
}

/** What is said of an artifact beside its content. */
export function described(artifact: Artifact): BundleArtifact {
  const { reference, root, chart } = artifact;
  const { digest, mediaType } = root.descriptor;
  const platforms = root.platforms.length === 0 ? {} : { platforms: [...root.platforms] };
  const own = { reference, digest, mediaType, size: root.size, ...platforms };
  const referrer = chart === undefined ? referrerOf(artifact) : undefined;
  if (referrer !== undefined) {
    const { subject, artifactType } = referrer;
    return { kind: "referrer", ...own, subject, artifactType };
  }
  if (chart === undefined) return { kind: kindOf(artifact), ...own };
  const { name, version, appVersion } = chart.metadata;
  return {
    kind: "chart",
    ...own,
    name,
    version,
    ...(appVersion ? { appVersion } : {}),
    file: chart.files[0]?.path,
    ...(chart.images && { images: [...chart.images] }),
  };
}
