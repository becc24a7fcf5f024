import type { ChartPin } from "../recipe/lock.ts";
import type { Resolved } from "../resolve.ts";
import { toOciChart } from "../../chart/oci-chart.ts";
import type { ChartMetadata } from "../../chart/chart-yaml.ts";
import type { Source } from "../../content/content.ts";
import type { Limit } from "../../content/concurrency.ts";
import { DocumentCache } from "../../content/document-cache.ts";
import { readGraph } from "../../content/graph.ts";
import { chartReference } from "../../bundle/artifact.ts";
import { Annotation } from "../../oci/image-layout.ts";

/** A chart as it was fetched, nothing of it looked at but its files. */
export interface FetchedChart {
  /** What messages call it. */
  readonly what: string;
  /** By their path below the chart's directory. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Undefined for a directory. */
  readonly tgz: Buffer | undefined;
  readonly provenance: Buffer | undefined;
  /** The artifact that it is in its registry, for one that came from there. */
  readonly resolved: Resolved | undefined;
  /** What the lock is to say, where the request left something open. */
  readonly pin: ChartPin | undefined;
}

/** What an artifact is made of. */
interface ChartContent {
  readonly tgz: Buffer;
  readonly provenance: Buffer | undefined;
  readonly created: Date;
}

/** Makes an artifact of a packed chart, to be copied as any other. */
export async function makeChartArtifact(
  metadata: ChartMetadata,
  { tgz, provenance, created }: ChartContent,
): Promise<Resolved> {
  const reference = chartReference(metadata);
  const { manifest, blobs } = toOciChart(metadata, { tgz, provenance, created });
  const source = new DocumentCache(nothingBeyond(reference));
  source.add(manifest);
  for (const blob of blobs) source.keep(blob);
  const { descriptor } = manifest;
  const named = { ...descriptor, annotations: { [Annotation.refName]: reference } };
  const graph = await readGraph(
    { sizeOf: ({ size }) => size, read: (wanted) => source.read(wanted) },
    [named],
  );
  const [root] = graph.roots;
  if (root === undefined) throw new Error("an artifact that was made here can be read");
  return {
    name: reference,
    limit: atOnce,
    found: descriptor,
    root,
    graph,
    source,
    attestations: [],
    index: undefined,
  };
}

/** What is in memory waits for nobody. */
const atOnce: Limit = (task) => task();

function nothingBeyond(name: string): Source {
  return {
    name,
    fetch({ digest }) {
      throw new Error(`${digest} is no part of this chart`);
    },
  };
}
