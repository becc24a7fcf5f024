import { loadBundledChart } from "../bundle/charts.ts";
import type { BundleArtifact } from "../bundle/format.ts";
import type { UsableBundle } from "../bundle/opened.ts";
import { parseSums } from "../bundle/sums.ts";
import { versionOfTag } from "../chart/chart-yaml.ts";
import { contentDigest } from "../chart/content-digest.ts";
import type { Receipt } from "../delivery/receipt.ts";
import { isNeeded } from "../discover/discovery.ts";
import { imagesOfChart } from "../discover/find-images.ts";
import type { Run } from "../events.ts";
import type { Lock } from "../intake/recipe/lock.ts";
import { parseDigest, type Digest } from "../oci/digest.ts";
import { formatReference, parseReference } from "../oci/reference.ts";
import { imageItem, type Item, type Side } from "./side.ts";

/** A bundle knows everything; what its charts need is looked for when it is asked for. */
export async function sideOfBundle(bundle: UsableBundle, run: Run): Promise<Side> {
  const { contents, graph, list, bundleDigest, signedBy, findings } = bundle;
  const sums = parseSums(list);
  const blobs = new Map<Digest, number>();
  for (const { digest, size } of graph.reachable.values()) blobs.set(digest, size);
  const items: Item[] = [];
  for (const artifact of contents.artifacts) {
    if (artifact.kind !== "referrer") items.push(await itemOf(artifact, bundle, run));
  }
  for (const { path, size } of contents.files) {
    const digest = parseDigest(`sha256:${sums.get(path) ?? ""}`);
    blobs.set(digest, size);
    items.push({ kind: "file", reference: path, place: path, version: "", digest });
  }
  const { name, version } = contents;
  const ids = signedBy.map(({ id }) => id);
  const identity = { name, version, digest: bundleDigest, signedBy: ids };
  return { form: "bundle", ...identity, items, blobs, findings };
}

async function itemOf(artifact: BundleArtifact, bundle: UsableBundle, run: Run): Promise<Item> {
  const { kind, reference, digest, platforms = [] } = artifact;
  if (kind !== "chart") return imageItem(reference, { kind, digest, platforms });
  const chart = await loadBundledChart(bundle, reference);
  const { name, version } = chart.metadata;
  const content = contentDigest(chart);
  const images = async (): Promise<string[]> => {
    const found = await imagesOfChart(chart, {}, run);
    return found.images.filter(isNeeded).map(({ image }) => image);
  };
  const needs = { values: "default", images } as const;
  return { kind, reference, place: name, version, digest, content, needs };
}

/** A lock knows what was asked of registries, and what its charts need with the values given. */
export function sideOfLock({ entries, searches }: Lock): Side {
  const items: Item[] = [];
  for (const [reference, { digest, packed = digest }] of entries) {
    // A chart stands among the searches, under the name that its bundle has for it.
    if (reference.includes("://")) continue;
    items.push(imageItem(reference, { kind: "image", digest: packed }));
  }
  for (const [path, search] of searches) {
    const needed = search.images.filter(isNeeded);
    const images = needed.map(({ reference }) => formatReference(reference));
    const needs = { values: "packed", images: () => Promise.resolve(images) } as const;
    items.push({
      kind: "chart",
      reference: path,
      ...splitPath(path),
      content: search.chart,
      needs,
    });
  }
  return { form: "lock", items, findings: [] };
}

/** `charts/NAME-VERSION.tgz`: nearly every version has two dots, and a name may have dashes. */
const CHART_PATHS = [/^charts\/(.+?)-(v?\d+\.\d+\.\d+.*)\.tgz$/, /^charts\/(.+)-([^-]+)\.tgz$/];

function splitPath(path: string): { place: string; version: string } {
  const found = CHART_PATHS.map((pattern) => pattern.exec(path)).find((match) => match !== null);
  const [, place = path, version = ""] = found ?? [];
  return { place, version };
}

/** A receipt knows what was brought to a registry, blob by blob. */
export function sideOfReceipt({ bundle, signedBy, artifacts, outcome, error }: Receipt): Side {
  const blobs = new Map<Digest, number>();
  for (const one of artifacts) for (const { digest, size } of one.blobs) blobs.set(digest, size);
  const { name, version, digest } = bundle;
  const lone = artifacts.filter(({ kind }) => kind !== "referrer");
  const items = lone.map(({ kind, reference, digest: own, platforms, tag = "" }): Item => {
    if (kind !== "chart") return imageItem(reference, { kind, digest: own, platforms });
    const { repository } = parseReference(reference);
    const place = repository.slice(repository.lastIndexOf("/") + 1);
    return { kind, reference, place, version: versionOfTag(tag), digest: own };
  });
  const message = `The push of this receipt is not done (${error?.message ?? outcome})`;
  const unfinished = { code: "RECEIPT_UNFINISHED", severity: "warning", message } as const;
  const findings = outcome === "done" ? [] : [unfinished];
  return { form: "receipt", name, version, digest, signedBy, items, blobs, findings };
}
