import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { formatPath } from "../helm/values/path.ts";
import { seeArguments, seeNamedText, seeShapes } from "./arguments.ts";
import { isContainer, isContainerList, isText, seeContainer } from "./container-images.ts";
import { seeDefaults } from "./default-images.ts";
import { speaksOfImage } from "./image-key.ts";
import { isPlausible, isUnmistakable, readImageText } from "./image-text.ts";
import { composeShapes, entriesOf, inherit, type Entry, type Inherited } from "./shape.ts";
import type { Sightings } from "./sighting.ts";
import { seeLines, tablesIn } from "./text-images.ts";

/** Deeper than any object that Kubernetes takes. */
const MAX_DEPTH = 60;

/** Texts within texts. */
const MAX_TEXTS = 3;

/** What is said about an object, not of what it runs. */
const ABOUT = /^(?:apiVersion|kind|metadata|status)$/;

/** Keys that hold the image of the table that is one. */
const ITSELF = /^(?:reference|ref|name|uri|full|image)$/i;

/** Keys of a command line outside of a container, as custom resources have it. */
const COMMAND_LINE = /^(?:args|command|extraArgs|arguments)$/i;

/** Images in one object of any kind. */
export function seeObject(object: Dict, sightings: Sightings): void {
  const kind = object.get("kind");
  if (kind === "CustomResourceDefinition") {
    seeDefaults(object, sightings);
  } else if (kind === "ConfigMap" || kind === "Secret") {
    seeData(object, kind === "Secret", { sightings, nesting: 0 });
  } else {
    seeTable(object, TOP, { sightings, nesting: 0 });
  }
}

interface Place {
  readonly path: readonly string[];
  /** The key above speaks of an image. */
  readonly named: boolean;
  /** The setting above that is off. */
  readonly off: string | undefined;
  readonly inherited: Inherited | undefined;
}

interface Walk {
  readonly sightings: Sightings;
  /** How many texts this is within. */
  readonly nesting: number;
}

const TOP: Place = { path: [], named: false, off: undefined, inherited: undefined };

function seeTable(table: Dict, place: Place, walk: Walk): void {
  const { path } = place;
  if (path.length > MAX_DEPTH) return;
  const isObject = table.has("apiVersion") && table.has("kind");
  const entries = isObject ? [] : entriesOf(table);
  const inherited = inherit(entries, place.inherited);
  const inner = { ...place, off: offIn(table, path) ?? place.off, inherited };
  const said = seeParts(entries, inner, walk);
  for (const [key, value] of table) {
    if (said.has(key) || (isObject && ABOUT.test(key))) continue;
    const named = speaksOfImage(key) || (place.named && ITSELF.test(key));
    seeValue(value, { ...inner, path: [...path, key], named }, walk);
  }
}

function offIn(table: Dict, path: readonly string[]): string | undefined {
  return table.get("enabled") === false ? `${formatPath([...path, "enabled"])}=true` : undefined;
}

function seeValue(value: Value, place: Place, walk: Walk): void {
  const { path, off } = place;
  const key = path.at(-1) ?? "";
  if (value instanceof Map) {
    if (isContainer(value)) seeContainerTable(value, place, walk);
    else seeTable(value, place, walk);
  } else if (typeof value === "string") {
    seeText(value, place, walk);
  } else if (isList(value)) {
    const words = value.filter(isText);
    if (COMMAND_LINE.test(key) && words.length === value.length) {
      seeArguments(words, withOff(walk.sightings, off));
    } else {
      seeItems(value, place, walk);
    }
  }
}

function seeItems(list: readonly Value[], place: Place, walk: Walk): void {
  const containers = isContainerList(place.path.at(-1) ?? "");
  for (const [index, item] of list.entries()) {
    const inner = { ...place, path: [...place.path, String(index)] };
    if (containers && item instanceof Map) seeContainerTable(item, inner, walk);
    else seeValue(item, inner, walk);
  }
}

function seeContainerTable(container: Dict, place: Place, walk: Walk): void {
  const others = seeContainer(container, place.path, withOff(walk.sightings, place.off));
  for (const [key, value] of others) {
    seeValue(value, { ...place, path: [...place.path, key], named: false }, walk);
  }
}

/** Images in parts; gives back the keys that are thereby said. */
function seeParts(
  entries: readonly Entry[],
  { path, named, off, inherited }: Place,
  { sightings }: Walk,
): ReadonlySet<string> {
  const said = new Set<string>();
  for (const shape of composeShapes(entries, { belowImage: named, inherited })) {
    const { image, keys, repository } = shape;
    if (image === undefined || !(image.hasHost || image.hasPath || named)) continue;
    const where = `fields ${keys.map((key) => formatPath([...path, key])).join(", ")}`;
    sightings.see({ image, text: repository, certainty: "likely", where, off });
    for (const key of keys) said.add(key);
  }
  return said;
}

function seeText(text: string, { path, named, off }: Place, walk: Walk): void {
  const where = `field ${formatPath(path)}`;
  if (isLong({ text })) return seeLongText(text, where, walk);
  const image = readImageText(text);
  if (image === undefined || !(isUnmistakable(image) || (named && isPlausible(image)))) return;
  const certainty = named && image.pinned ? "likely" : "possible";
  walk.sightings.see({ image, text, certainty, where, off });
}

/** What a ConfigMap or Secret hands to whoever mounts it; that of a Secret is in Base64. */
function seeData(object: Dict, encoded: boolean, walk: Walk): void {
  const [data, plain] = [object.get("data"), object.get("stringData")];
  const entries = [
    ...(data instanceof Map
      ? entriesOf(data).map((entry) => (encoded ? decoded(entry) : entry))
      : []),
    ...(plain instanceof Map ? entriesOf(plain) : []),
  ];
  const short = entries.filter((entry) => !isLong(entry));
  for (const entry of short) seeNamedText(entry, `data ${entry.key}`, walk.sightings);
  seeShapes(short, (keys) => `data ${keys.join(", ")}`, walk.sightings);
  for (const { key, text } of entries.filter(isLong)) seeLongText(text, `data ${key}`, walk);
}

/** A text of several lines, or a table on one. */
function isLong({ text }: Pick<Entry, "text">): boolean {
  return text.trim().includes("\n") || /^\s*[{[].*[:"]/s.test(text);
}

function decoded({ key, text }: Entry): Entry {
  return { key, text: Buffer.from(text, "base64").toString() };
}

/** A text is read as the tables in it, or line by line. */
function seeLongText(text: string, where: string, { sightings, nesting }: Walk): void {
  const tables = nesting < MAX_TEXTS ? tablesIn(text) : [];
  if (tables.length === 0) return seeLines(text, where, sightings);
  const walk = { sightings: within(sightings, where), nesting: nesting + 1 };
  for (const table of tables) seeTable(table, TOP, walk);
}

/** What a text says of a container is a setting of whoever reads it, not a container yet. */
function within(sightings: Sightings, where: string): Sightings {
  return {
    miss: () => {},
    see: (sighting) => {
      const certainty = sighting.certainty === "proven" ? "likely" : sighting.certainty;
      sightings.see({ ...sighting, certainty, where: `${where}, ${sighting.where}` });
    },
  };
}

function withOff(sightings: Sightings, off: string | undefined): Sightings {
  if (off === undefined) return sightings;
  return { ...sightings, see: (sighting) => sightings.see({ ...sighting, off }) };
}
