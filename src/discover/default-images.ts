import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { speaksOfImage } from "./image-key.ts";
import { isPlausible, readImageText } from "./image-text.ts";
import type { Sightings } from "./sighting.ts";

/** Schemas nest; this is deeper than the largest. */
const MAX_DEPTH = 100;

/** A definition of custom resources describes; only the defaults of its fields are images. */
export function seeDefaults(definition: Dict, sightings: Sightings): void {
  visit(definition.get("spec") ?? null, [], sightings);
}

function visit(value: Value, path: readonly string[], sightings: Sightings): void {
  if (path.length > MAX_DEPTH) return;
  if (value instanceof Map) {
    seeDefault(value.get("default"), path.at(-1) ?? "", sightings);
    for (const [key, item] of value) visit(item, [...path, key], sightings);
  } else if (isList(value)) {
    for (const item of value) visit(item, path, sightings);
  }
}

function seeDefault(text: Value | undefined, property: string, sightings: Sightings): void {
  if (typeof text !== "string" || !speaksOfImage(property)) return;
  const image = readImageText(text);
  if (image === undefined || !isPlausible(image)) return;
  sightings.see({ image, text, certainty: "default", where: `default of ${property}` });
}
