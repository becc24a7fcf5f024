import type { Artifact, BundleFile } from "../bundle/artifact.ts";
import type { Skipped } from "../bundle/skipped.ts";
import type { OpenedFile, UsableBundle } from "../bundle/opened.ts";
import { parseSums } from "../bundle/sums.ts";
import type { Source } from "../content/content.ts";
import { DocumentCache } from "../content/document-cache.ts";
import { readGraph, type LayoutGraph, type Root } from "../content/graph.ts";
import { selectPlatforms } from "../content/select-platforms.ts";
import type { Finding } from "../finding.ts";
import { chartIn } from "../foreign/charts.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseDigest } from "../oci/digest.ts";
import { MediaType } from "../oci/media-type.ts";
import type { Platform } from "../oci/platform.ts";
import { formatReference, parseReference } from "../oci/reference.ts";
import { append } from "../content/append.ts";

/** What bundles of dray hold, as it goes into another one. */
export interface TakenOver {
  readonly artifacts: readonly Artifact[];
  readonly files: readonly BundleFile[];
  /** What they left out on purpose. */
  readonly skipped: readonly Skipped[];
  readonly findings: readonly Finding[];
}

/**
 * Takes over what bundles hold: names, digests, kinds, charts with their provenance and files stay
 * what they are. Of images only `platforms` are taken; none at all means every one.
 *
 * @throws DrayError `DRAY_PLATFORM_MISSING`
 */
export async function takeOver(
  bundles: readonly UsableBundle[],
  platforms: readonly Platform[],
): Promise<TakenOver> {
  const artifacts: Artifact[] = [];
  const findings: Finding[] = [];
  for (const bundle of bundles) {
    append(findings, bundle.findings);
    for (const { kind, reference, subject, images } of bundle.contents.artifacts) {
      const root = bundle.graph.roots.find(({ name }) => name === reference);
      if (root === undefined) throw new Error("a usable bundle has a root for every artifact");
      const { metadata } = bundle.graph;
      const whole: Artifact = { reference, root, metadata, source: bundle.source, subject };
      if (kind === "image" && platforms.length > 0) {
        append(artifacts, await chosen(whole, platforms));
        continue;
      }
      const { chart, finding } = kind === "chart" ? await chartIn(whole, bundle.source) : {};
      if (finding !== undefined) findings.push(finding);
      artifacts.push({ ...whole, chart: chart && { ...chart, images } });
    }
  }
  return {
    artifacts,
    files: bundles.flatMap(filesOf),
    skipped: bundles.flatMap(({ contents }) => contents.skipped ?? []),
    findings,
  };
}

/** The same image without the platforms that nobody asked for, and what its index said of the one that is left. */
async function chosen(whole: Artifact, platforms: readonly Platform[]): Promise<Artifact[]> {
  const { reference: name, root } = whole;
  const source = new DocumentCache(whole.source);
  const read = (wanted: Descriptor): Promise<Buffer> => source.read(wanted);
  const selected = await selectPlatforms(root.descriptor, { platforms, name, read });
  if (selected.root.digest === root.descriptor.digest) return [whole];
  if (selected.index !== undefined) source.add(selected.index);
  // Everything of the whole is there, and so is everything of a part.
  const { annotations } = root.descriptor;
  const graph: LayoutGraph = await readGraph({ sizeOf: ({ size }) => size, read }, [
    { ...selected.root, annotations },
    ...selected.attestations,
  ]);
  const [part, ...attestations]: readonly (Root | undefined)[] = graph.roots;
  if (part === undefined) throw new Error("a part of a usable image is usable");
  const { metadata } = graph;
  const { registry, repository } = parseReference(name);
  return [
    { reference: name, root: part, metadata, source },
    ...attestations.flatMap((one) => {
      if (one === undefined) return [];
      const { digest } = one.descriptor;
      const reference = formatReference({ registry, repository, digest });
      return [{ reference, root: one, metadata, source, subject: selected.root.digest }];
    }),
  ];
}

function filesOf(bundle: UsableBundle): BundleFile[] {
  const sums = parseSums(bundle.list);
  const opened = new Map(bundle.files().map((file) => [file.path, file]));
  return bundle.contents.files.map(({ path, size, platform }) => {
    const file = opened.get(path);
    const sum = sums.get(path);
    if (file === undefined || sum === undefined) throw new Error("a usable bundle has its files");
    const digest = parseDigest(`sha256:${sum}`);
    const descriptor = { mediaType: MediaType.octetStream, digest, size };
    return { path, platform, descriptor, source: sourceOf(file, bundle.source.name) };
  });
}

function sourceOf(file: OpenedFile, name: string): Source {
  return {
    name,
    async *fetch(_descriptor, { offset = 0 } = {}) {
      let skip = offset;
      for await (const chunk of file.content()) {
        if (skip < chunk.length) yield chunk.subarray(skip);
        skip = Math.max(0, skip - chunk.length);
      }
    },
  };
}
