import type { Chart } from "../chart/chart.ts";
import type { Dict } from "../helm/template/value.ts";
import { openSchemas } from "../helm/values/schema.ts";
import { addHelm } from "./add-helm.ts";
import { addValues, ValuePlaces } from "./add-values.ts";
import { ChartRenderings } from "./chart-renderings.ts";
import { Collector } from "./collector.ts";
import { addDefinitions } from "./definitions.ts";
import type { DiscoverOptions, Discovery } from "./discovery.ts";
import { addListed } from "./listed-images.ts";
import { addRemarks } from "./remarks.ts";
import { reportMissing, reportSchemas } from "./report-unknowns.ts";

/**
 * Finds every image that `chart` pulls, may pull, or seems to speak of, and says for each why. Reads
 * nothing but the chart: no network, no cluster. What stood in the way is in `unknowns`.
 */
export async function discoverImages(
  chart: Chart,
  options: DiscoverOptions = {},
): Promise<Discovery> {
  const collector = new Collector();
  const schemas = await openSchemas(chart);
  const sets = options.values ?? [new Map()];
  const all: { given: Dict; renderings: ChartRenderings }[] = [];
  for (const given of sets) {
    const renderings = new ChartRenderings(chart, given, { collector, options, schemas });
    await renderings.run();
    all.push({ given, renderings });
  }
  if (options.helm !== undefined) {
    const tasks = all.map(({ given, renderings }) => ({ given, fruitful: renderings.fruitful }));
    await addHelm(chart, tasks, { collector, options, helm: options.helm });
  }
  const places = new ValuePlaces();
  const visited = all.flatMap(({ renderings }) => renderings.visited);
  for (const one of visited) {
    addListed(one.instance.chart, one.when, collector);
    addDefinitions(one.instance.chart, one.when, collector);
    addValues(one, places, collector);
  }
  collector.settleLoose();
  for (const unknown of collector.resources.unknowns(options.settled)) collector.unknown(unknown);
  reportMissing(visited, collector);
  reportSchemas(schemas, collector);
  addRemarks(chart, sets, { collector, options });
  return toDiscovery(chart, collector);
}

function toDiscovery({ metadata }: Chart, collector: Collector): Discovery {
  const { name, version } = metadata;
  const { unknowns } = collector;
  return {
    chart: { name, version, appVersion: metadata.appVersion ?? "" },
    images: collector.images(),
    unknowns,
    complete: !unknowns.some(({ needed }) => needed),
  };
}
