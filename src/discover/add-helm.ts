import type { Chart } from "../chart/chart.ts";
import { DrayError } from "../errors.ts";
import { DEFAULT_KUBE_VERSION } from "../helm/render/capabilities.ts";
import { copyDict, copyValue, type Dict } from "../helm/template/value.ts";
import { setAt } from "../helm/values/path.ts";
import { formatReference } from "../oci/reference.ts";
import { splitDocuments } from "../yaml/places.ts";
import type { Collector } from "./collector.ts";
import { withSettings, type DiscoverOptions } from "./discovery.ts";
import { openHelmRenderer, type HelmRenderer } from "./helm-binary.ts";
import { imagesIn } from "./rendered-images.ts";
import { reportOthers } from "./report-unknowns.ts";
import { formatSwitches, PLACEHOLDER, type Switch } from "./switches.ts";

/** Renderings with other settings; each costs up to a second. */
const MAX_RUNS = 40;

/** A set of values, and the settings that showed further images when they were turned. */
export interface HelmTask {
  readonly given: Dict;
  readonly fruitful: readonly (readonly Switch[])[];
}

/**
 * Adds what `helm template` prints: once for each set of values given, once for each setting that is
 * known to bring in an image.
 */
export async function addHelm(
  chart: Chart,
  tasks: readonly HelmTask[],
  { collector, options, helm }: { collector: Collector; options: DiscoverOptions; helm: string },
): Promise<void> {
  const kubeVersion = options.kubeVersion ?? DEFAULT_KUBE_VERSION;
  const renderer = await openHelmRenderer(chart, { ...options, kubeVersion, helm });
  const render = (given: Dict, switches: readonly Switch[]): Promise<string | undefined> =>
    tryRender(renderer, { given, switches }, collector);
  try {
    const printed: (string | undefined)[] = [];
    for (const { given } of tasks) printed.push(await render(given, []));
    if (!printed.includes(undefined)) collector.settleRendering();
    for (const text of printed) addPrinted(text ?? "", [], collector);
    for (const { given, fruitful } of tasks) {
      for (const switches of fruitful.slice(0, MAX_RUNS)) {
        addPrinted((await render(given, switches)) ?? "", formatSwitches(switches), collector);
      }
    }
  } finally {
    await renderer.close();
  }
}

/** Undefined if Helm refuses the chart, which is reported. @throws DrayError `DRAY_HELM_KILLED` */
async function tryRender(
  renderer: HelmRenderer,
  { given, switches }: { given: Dict; switches: readonly Switch[] },
  collector: Collector,
): Promise<string | undefined> {
  const values = copyDict(given);
  for (const { path, value, source } of switches) {
    if (source === "values") setAt(values, path, copyValue(value));
  }
  const apis = switches.filter(({ source }) => source === "api").map(({ path }) => path.join(""));
  try {
    return await renderer.render(values, apis);
  } catch (error) {
    if (!(error instanceof DrayError) || error.code !== "DRAY_HELM_FAILED") throw error;
    const suffix = switches.length === 0 ? "" : ` (with ${formatSwitches(switches).join(", ")})`;
    const message = `${error.message}${suffix}`;
    collector.unknown({ code: "HELM_FAILED", needed: switches.length === 0, message });
    return undefined;
  }
}

function addPrinted(text: string, when: readonly string[], collector: Collector): void {
  const all = splitDocuments(text).map((document) => {
    const file = /^# Source: [^/\n]+\/(.+)$/m.exec(document.text)?.[1] ?? "templates";
    return imagesIn({ source: "helm", text: document.text, file });
  });
  if (when.length === 0) reportOthers(all, collector);
  collector.resources.add(
    all.flatMap(({ resources }) => resources.map((one) => ({ ...one, when }))),
  );
  for (const { sighting, evidence } of all.flatMap(({ images }) => images)) {
    const { reference, pinned } = sighting.image;
    const image = formatReference(reference);
    if (image.includes(PLACEHOLDER) || (when.length > 0 && collector.has(image, "hook"))) continue;
    const loose = !pinned && sighting.certainty !== "proven";
    collector.add(reference, withSettings(evidence, when), { loose });
  }
}
