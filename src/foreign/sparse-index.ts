import { readGraph, type GraphSource, type LayoutGraph, type Root } from "../content/graph.ts";
import { hasErrors, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { formatPlatform } from "../oci/platform.ts";

/**
 * The findings of a graph, with one for each index of which only some platforms are there in place
 * of one for each that is missing. Docker and containerd save such indexes: what is whole can be
 * used under its own digest.
 */
export async function explainSparse(
  { roots, findings }: LayoutGraph,
  source: GraphSource,
): Promise<readonly Finding[]> {
  const explained: Finding[] = [];
  const missing = new Set<string>();
  for (const root of roots) {
    const lost = childrenOf(root).filter((child) => source.sizeOf(child) === undefined);
    if (lost.length === 0) continue;
    for (const { digest } of lost) missing.add(digest);
    explained.push(sparse(root, lost, await wholeChildren(root, source)));
  }
  const rest = findings.filter(
    ({ code, entry = "" }) => code !== "BLOB_MISSING" || !missing.has(entry),
  );
  return [...explained, ...rest];
}

async function wholeChildren(root: Root, source: GraphSource): Promise<Descriptor[]> {
  const whole: Descriptor[] = [];
  for (const child of childrenOf(root)) {
    const { findings } = await readGraph(source, [child]);
    if (!hasErrors(findings)) whole.push(child);
  }
  return whole;
}

function childrenOf({ manifest }: Root): readonly Descriptor[] {
  return manifest.kind === "index" ? manifest.manifests : [];
}

function sparse(
  { name, descriptor }: Root,
  lost: readonly Descriptor[],
  whole: readonly Descriptor[],
): Finding {
  const shown = name ?? descriptor.digest;
  const platforms = whole.flatMap(({ platform }) => platform ?? []).map(formatPlatform);
  const [first] = platforms;
  return {
    code: "INDEX_SPARSE",
    severity: "error",
    entry: descriptor.digest,
    message: `${shown} is an index of which only a part is there: ${list(lost)} missing, ${list(whole) || "nothing"} whole`,
    hint:
      first === undefined
        ? "Save it again with all platforms, or copy it with a tool that keeps them."
        : `Take what is whole under its own digest with --platform ${first}, or save it again with all platforms.`,
  };
}

function list(children: readonly Descriptor[]): string {
  return children
    .map(({ platform, digest }) => (platform === undefined ? digest : formatPlatform(platform)))
    .join(", ");
}
