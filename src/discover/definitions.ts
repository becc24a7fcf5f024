import { decode, shownPath, type Chart } from "../chart/chart.ts";
import type { Collector } from "./collector.ts";
import { kindsWithImages, readManifests, type Manifest } from "./manifests.ts";
import { seeObject } from "./object-images.ts";

/** What the definitions of custom resources say: the images that their fields default to. */
export function addDefinitions(chart: Chart, when: readonly string[], collector: Collector): void {
  for (const [path, bytes] of chart.files) {
    if (!path.startsWith("crds/") || !/\.(?:ya?ml|json)$/.test(path)) continue;
    const file = shownPath(chart, path);
    const text = decode(bytes);
    collector.addKinds(kindsWithImages(text));
    for (const manifest of readManifests(text).manifests) {
      seeObject(manifest.object, {
        miss: () => {},
        see: ({ image, certainty, where, text: found }) => {
          if (certainty !== "default") return;
          const line =
            manifest.line + manifest.text.slice(0, manifest.text.indexOf(found)).split("\n").length;
          const by = `a ${resourceOf(manifest)} that names none`;
          const place = { file, line, object: manifest.name, where };
          collector.add(image.reference, {
            source: "definition",
            class: "optional",
            ...place,
            when: [...when, by],
          });
        },
      });
    }
  }
}

function resourceOf({ object, name }: Manifest): string {
  const spec = object.get("spec");
  const names = spec instanceof Map ? spec.get("names") : undefined;
  const kind = names instanceof Map ? names.get("kind") : undefined;
  return typeof kind === "string" ? kind : name;
}
