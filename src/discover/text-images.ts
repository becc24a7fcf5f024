import { DrayError } from "../errors.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { splitDocuments } from "../yaml/places.ts";
import { readYaml } from "../yaml/read.ts";
import { speaksOfImage } from "./image-key.ts";
import { isPlausible, readImageText, unmistakableIn } from "./image-text.ts";
import type { Sightings } from "./sighting.ts";

/** Longer texts are read line by line only. */
const MAX_STRUCTURED = 1024 * 1024;

/** Without one of these words a table has no image in parts and no name that speaks of one. */
const WORTH_PARSING = /image|repository|\bhub\b/i;

const KEY_AND_VALUE = /^\s*(?:- )?["']?([\w.-]+)["']?\s*[:=]\s*["']?([^\s"',;]+)/;

/** Tables that a text holds as YAML or JSON; none where it is something else. */
export function tablesIn(text: string): Dict[] {
  if (text.length > MAX_STRUCTURED || !WORTH_PARSING.test(text) || !/[:{]/.test(text)) return [];
  return splitDocuments(text).flatMap((document) => tables(tryYaml(document.text)));
}

/** What a text says as YAML; null where it is none. */
export function tryYaml(text: string): Value {
  try {
    return readYaml(text, "a text");
  } catch (error) {
    if (error instanceof DrayError) return null;
    throw error;
  }
}

function tables(value: Value): Dict[] {
  if (value instanceof Map) return [value];
  return isList(value) ? value.filter((item) => item instanceof Map) : [];
}

/** Images in a text of no known form: after a name that speaks of one, or unmistakable anywhere. */
export function seeLines(text: string, where: string, sightings: Sightings): void {
  for (const line of text.split("\n")) {
    if (/^\s*(?:#|\/\/|;)/.test(line) || seeNamed(line, where, sightings)) continue;
    for (const image of unmistakableIn(line)) {
      sightings.see({ image, text: image.reference.repository, certainty: "possible", where });
    }
  }
}

/** `image: org/app:1.2`, in whatever language it is written. */
function seeNamed(line: string, where: string, sightings: Sightings): boolean {
  const [, key = "", text = ""] = KEY_AND_VALUE.exec(line) ?? [];
  const image = speaksOfImage(key) ? readImageText(text) : undefined;
  if (image === undefined || !isPlausible(image)) return false;
  if (!image.hasHost && !image.hasPath && key !== "image") return false;
  const certainty = image.pinned ? "likely" : "possible";
  sightings.see({ image, text, certainty, where: `${where}, ${key}` });
  return true;
}
