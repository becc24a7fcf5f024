import { artifactChart, type Artifact } from "../bundle/artifact.ts";
import type { Source } from "../content/content.ts";
import type { Ingredients } from "./gather.ts";
import type { Resolved } from "./resolve.ts";
import { imagesPulled } from "./search-charts.ts";

/**
 * Makes artifacts of all that was gathered. What others have packed is read where it lies, everything
 * else from wherever `sourceOf` says.
 */
export function artifactsOf(
  { images, charts, searched, referrers, adopted }: Ingredients,
  sourceOf: (resolved: Resolved) => Source,
): Artifact[] {
  const whole = (resolved: Resolved): Artifact => {
    const { name, root, graph } = resolved;
    return { reference: name, root, metadata: graph.metadata, source: sourceOf(resolved) };
  };
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
