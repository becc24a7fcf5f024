import { decode, shownPath, type Chart } from "../chart/chart.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { lookUp } from "../helm/values/path.ts";
import type { Collector } from "./collector.ts";
import { speaksOfImage } from "./image-key.ts";
import { isPlausible, readImageText } from "./image-text.ts";
import { kindsWithImages, readManifests, type Manifest } from "./manifests.ts";
import type { Sighting } from "./sighting.ts";

/** Schemas nest; this is deeper than the largest. */
const MAX_DEPTH = 100;

/** What the definitions of custom resources say: the images that their fields default to. */
export function addDefinitions(chart: Chart, when: readonly string[], collector: Collector): void {
  for (const [path, bytes] of chart.files) {
    if (!path.startsWith("crds/") || !/\.(?:ya?ml|json)$/.test(path)) continue;
    const text = decode(bytes);
    collector.resources.addDefined(kindsWithImages(text));
    for (const manifest of readManifests(text).manifests) {
      if (isDefinition(manifest.object)) {
        addDefaults(manifest, { file: shownPath(chart, path), when }, collector);
      }
    }
  }
}

function addDefaults(
  manifest: Manifest,
  { file, when }: { file: string; when: readonly string[] },
  collector: Collector,
): void {
  const by = `a ${resourceOf(manifest)} that names none`;
  seeDefaults(manifest.object, ({ image, text, where }) => {
    const before = manifest.text.slice(0, manifest.text.indexOf(text));
    collector.add(image.reference, {
      source: "definition",
      class: "optional",
      file,
      line: manifest.line + before.split("\n").length,
      object: manifest.name,
      where,
      when: [...when, by],
    });
  });
}

function resourceOf({ object, name }: Manifest): string {
  const kind = lookUp(object, ["spec", "names", "kind"]);
  return typeof kind === "string" ? kind : name;
}

export function isDefinition(object: Dict): boolean {
  return object.get("kind") === "CustomResourceDefinition";
}

/** A definition of custom resources describes; only the defaults of its fields are images. */
export function seeDefaults(definition: Dict, see: (sighting: Sighting) => void): void {
  visit(definition.get("spec") ?? null, [], see);
}

/** Goes through a schema, whose keys are words of the schema and names of fields in turn. */
function visit(value: Value, path: readonly string[], see: (sighting: Sighting) => void): void {
  if (path.length > MAX_DEPTH) return;
  if (value instanceof Map) {
    seeDefault(value.get("default"), path.at(-1) ?? "", see);
    for (const [key, item] of value) visit(item, [...path, key], see);
  } else if (isList(value)) {
    for (const item of value) visit(item, path, see);
  }
}

function seeDefault(
  text: Value | undefined,
  property: string,
  see: (sighting: Sighting) => void,
): void {
  if (typeof text !== "string" || !speaksOfImage(property)) return;
  const image = readImageText(text);
  if (image === undefined || !isPlausible(image)) return;
  see({ image, text, certainty: "default", where: `default of ${property}` });
}
