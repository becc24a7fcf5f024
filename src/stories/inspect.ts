import { startRun, type RunOptions } from "../events.ts";
import type { OpenedDelta } from "../bundle/left-out.ts";
import type { ArtifactKind, BundleArtifact, ListedFile } from "../bundle/format.ts";
import type { Skipped } from "../bundle/skipped.ts";
import { byName, type Root } from "../content/graph.ts";
import type { Finding } from "../finding.ts";
import type { Digest } from "../oci/digest.ts";
import { formatPlatform } from "../oci/platform.ts";
import { roleOf, type ReferrerRole } from "../oci/referrer.ts";
import { requireUsable } from "../bundle/opened.ts";
import { findSboms, type CarriedSbom } from "../report/find-sboms.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface InspectReport {
  readonly path: string;
  readonly form: string;
  /** Others have made it: name, version and time stamp were given here. */
  readonly isForeign: boolean;
  readonly size: number;
  readonly bundleDigest: string;
  readonly name: string;
  readonly version: string;
  readonly created: string;
  readonly generator: string;
  /** Ids of the trusted keys that have signed the list of contents. */
  readonly signedBy: readonly string[];
  readonly artifacts: readonly InspectedArtifact[];
  readonly files: readonly ListedFile[];
  /** What a delta leaves out, by its own word; undefined for a bundle that has all of it. */
  readonly delta?: OpenedDelta | undefined;
  /** Left out on purpose when it was packed. */
  readonly skipped: readonly Skipped[];
  /** Lists of contents, where they were asked for. */
  readonly sboms?: readonly CarriedSbom[];
  readonly findings: readonly Finding[];
}

export interface InspectedArtifact {
  readonly kind: ArtifactKind;
  /** What was asked for, in full. */
  readonly reference: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the whole graph, each blob once. */
  readonly size: number;
  readonly platforms: readonly string[];
  /** Of a referrer: what it is about, and what it is to people. */
  readonly subject?: Digest | undefined;
  readonly role?: ReferrerRole | undefined;
  /** Bytes that only this artifact and those behind it need: what it adds to the bundle. */
  readonly adds: number;
  readonly children: readonly { platform: string; digest: string }[];
}

export interface InspectOptions extends BundleOptions {
  /** Read the lists of contents of images, which lie behind the head. @default false */
  readonly sbom?: boolean | undefined;
}

/** Says what a bundle holds. Reads its head and leaves the rest for `verify`. */
export async function inspect(
  options: InspectOptions,
  runOptions: RunOptions = {},
): Promise<InspectReport> {
  // Whether to trust it is not the question here; who has signed is part of the answer.
  const trust = { ...options.trust, allowUnsigned: true };
  const run = startRun(runOptions);
  const content = options.sbom === true ? "readable" : "head";
  return withBundle(
    { ...options, trust, content, blobs: "elsewhere" },
    run,
    async (opened, { size }) => {
      const bundle = requireUsable(options.path, opened);
      const { form, isForeign, bundleDigest, contents, graph, signedBy, findings } = bundle;
      const { name, version, created, generator, files, skipped = [] } = contents;
      return {
        path: options.path,
        form,
        isForeign,
        size,
        bundleDigest,
        name,
        version,
        created,
        generator,
        signedBy: signedBy.map(({ id }) => id),
        artifacts: describe(contents.artifacts, byName(graph)),
        files,
        skipped,
        ...(bundle.delta && { delta: bundle.delta }),
        ...(options.sbom === true ? { sboms: await findSboms(bundle) } : {}),
        findings,
      };
    },
  );
}

function describe(
  artifacts: readonly BundleArtifact[],
  roots: ReadonlyMap<string, Root>,
): InspectedArtifact[] {
  const counted = new Set<string>();
  return artifacts.map((artifact) => {
    const { kind, reference, digest, mediaType, size, platforms = [], subject } = artifact;
    const root = roots.get(reference);
    let adds = 0;
    for (const blob of root?.blobs.values() ?? []) {
      if (counted.has(blob.digest)) continue;
      counted.add(blob.digest);
      adds += blob.size;
    }
    const children = root === undefined ? [] : childrenOf(root);
    const { artifactType } = artifact;
    const annotations = root?.manifest.annotations;
    const role = artifactType === undefined ? undefined : roleOf({ artifactType, annotations });
    const about = subject === undefined ? {} : { subject, role };
    return { kind, reference, digest, mediaType, size, platforms, ...about, adds, children };
  });
}

function childrenOf({ manifest }: Root): InspectedArtifact["children"] {
  if (manifest.kind === "manifest") return [];
  return manifest.manifests.map(({ digest, platform }) => ({
    digest,
    platform: platform === undefined ? "" : formatPlatform(platform),
  }));
}
