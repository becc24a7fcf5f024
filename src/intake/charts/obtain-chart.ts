import type { Sources } from "../sources.ts";
import { chartReference } from "../../bundle/artifact.ts";
import type { ChartMetadata } from "../../chart/chart-yaml.ts";
import { toOciChart } from "../../chart/oci-chart.ts";
import { packChart } from "../../chart/pack-chart.ts";
import type { Limit } from "../../content/concurrency.ts";
import type { Source } from "../../content/content.ts";
import { DocumentCache } from "../../content/document-cache.ts";
import { readGraph } from "../../content/graph.ts";
import { Annotation } from "../../oci/image-layout.ts";
import type { ChartRequest } from "../recipe/chart-request.ts";
import type { Resolved } from "../resolve.ts";
import { findWhole, type WholeChart } from "./whole-chart.ts";

/** A chart that is ready to be packed. */
export interface ObtainedChart extends WholeChart {
  readonly tgz: Buffer;
  readonly provenance: Buffer | undefined;
  /** The artifact that it is or becomes; its name is the one that a bundle has it under. */
  readonly artifact: Resolved;
}

/**
 * Gets a chart from wherever it is. A packed one keeps its bytes; a directory is packed as
 * `helm package` would, with the dependencies that it lacks.
 */
export async function obtainChart(asked: ChartRequest, sources: Sources): Promise<ObtainedChart> {
  const { whole, found, files } = await findWhole(asked, sources);
  const { metadata } = whole.chart;
  const { created } = sources;
  const { provenance } = found;
  const tgz = found.tgz ?? (await packChart(files, { name: metadata.name, mtime: created }));
  const artifact =
    found.resolved ?? (await makeChartArtifact(metadata, { tgz, provenance, created }));
  return { ...whole, tgz, provenance, artifact };
}

/** What an artifact is made of. */
interface ChartContent {
  readonly tgz: Buffer;
  readonly provenance: Buffer | undefined;
  readonly created: Date;
}

/** Makes an artifact of a packed chart, to be copied as any other. */
async function makeChartArtifact(
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
