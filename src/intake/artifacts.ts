import { artifactChart, type Artifact } from "../bundle/artifact.ts";
import type { Ingredients } from "./gather.ts";
import type { Resolved } from "./resolve.ts";
import { imagesPulled } from "./search-charts.ts";

/**
 * Makes artifacts of all that was gathered: each is read where it was found.
 */
export function artifactsOf({
  images,
  charts,
  searched,
  referrers,
  adopted,
}: Ingredients): Artifact[] {
  return [
    ...images.map(whole),
    ...charts.map((chart, index) => {
      const artifact = whole(chart.artifact);
      const own = artifactChart(chart.chart.metadata, chart, artifact.source);
      const found = searched[index];
      return { ...artifact, chart: { ...own, images: found && imagesPulled(found) } };
    }),
    ...referrers.map((one) => ({ ...whole(one), subject: one.subject })),
    ...adopted.artifacts,
  ];
}

function whole({ name, root, graph, source }: Resolved): Artifact {
  return { reference: name, root, metadata: graph.metadata, source };
}
