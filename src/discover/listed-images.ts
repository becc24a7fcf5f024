import { decode, shownPath, type Chart } from "../chart/chart.ts";
import { isList, type Value } from "../helm/template/value.ts";
import type { Collector } from "./collector.ts";
import type { Evidence } from "./discovery.ts";
import { wordsOf } from "./image-key.ts";
import { readImageText } from "./image-text.ts";
import { tryYaml } from "./text-images.ts";

/**
 * Images that a chart lists itself: annotations such as `artifacthub.io/images`, and `Images.lock`.
 * Such a list does not say what is needed, only that there is no more.
 * https://artifacthub.io/docs/topics/annotations/helm/
 */
export function addListed(chart: Chart, when: readonly string[], collector: Collector): void {
  for (const [key, text] of Object.entries(chart.metadata.annotations ?? {})) {
    if (!/^images?$/.test(wordsOf(key).at(-1) ?? "")) continue;
    const file = shownPath(chart, "Chart.yaml");
    const where = `annotation ${key}`;
    addList(
      text,
      {
        source: "annotation",
        class: "optional",
        file,
        where,
        when: [...when, "the chart lists it"],
      },
      collector,
    );
  }
  const lock = chart.files.get("Images.lock");
  if (lock === undefined) return;
  const file = shownPath(chart, "Images.lock");
  addList(
    decode(lock),
    { source: "lock", class: "optional", file, when: [...when, "the chart lists it"] },
    collector,
  );
}

function addList(text: string, evidence: Evidence, collector: Collector): void {
  for (const name of namesIn(tryYaml(text))) {
    const image = readImageText(name.trim());
    if (image !== undefined) collector.add(image.reference, evidence);
  }
}

/** `- image: REF`, `- REF`, or either below `images`. */
function namesIn(value: Value): string[] {
  if (value instanceof Map) return namesIn(value.get("images") ?? null);
  if (!isList(value)) return [];
  return value.flatMap((item) => {
    const name = item instanceof Map ? item.get("image") : item;
    return typeof name === "string" ? [name] : [];
  });
}
