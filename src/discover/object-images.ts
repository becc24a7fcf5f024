import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { formatPath } from "../helm/values/path.ts";
import { seeArguments, seeNamedText, seeShapes } from "./arguments.ts";
import { isContainer, isContainerList, isText, seeContainer } from "./container-images.ts";
import { isDefinition, seeDefaults } from "./definitions.ts";
import { speaksOfImage } from "./image-key.ts";
import { isPlausible, isUnmistakable, readImageText } from "./image-text.ts";
import { entriesOf, type Entry, type Shape } from "./shape.ts";
import type { Sightings } from "./sighting.ts";
import { seeLines, tablesIn } from "./text-images.ts";
import { below, TOP, walk, walkTable, type Place, type Visitor } from "./walk.ts";

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
  const visitor = new ObjectVisitor(sightings, 0);
  if (isDefinition(object)) seeDefaults(object, (sighting) => sightings.see(sighting));
  else if (kind === "ConfigMap" || kind === "Secret") seeData(object, kind === "Secret", visitor);
  else walkTable(object, TOP, visitor);
}

class ObjectVisitor implements Visitor {
  readonly sightings: Sightings;
  /** How many texts this is within. */
  readonly #nesting: number;

  constructor(sightings: Sightings, nesting: number) {
    this.sightings = sightings;
    this.#nesting = nesting;
  }

  names(key: string, { named }: Place): boolean {
    return speaksOfImage(key) || (named && ITSELF.test(key));
  }

  about(table: Dict): RegExp | undefined {
    return table.has("apiVersion") && table.has("kind") ? ABOUT : undefined;
  }

  takes(value: Dict | readonly Value[], place: Place): boolean {
    if (isList(value)) return this.#takesList(value, place);
    if (!isContainer(value, place.path)) return false;
    this.#container(value, place);
    return true;
  }

  #takesList(list: readonly Value[], place: Place): boolean {
    const key = place.path.at(-1) ?? "";
    const words = list.filter(isText);
    if (COMMAND_LINE.test(key) && words.length === list.length) {
      seeArguments(words, withOff(this.sightings, place));
      return true;
    }
    if (!isContainerList(key)) return false;
    for (const [index, item] of list.entries()) {
      if (item instanceof Map) this.#container(item, below(place, String(index)));
      else walk(item, below(place, String(index)), this);
    }
    return true;
  }

  #container(container: Dict, place: Place): void {
    const others = seeContainer(container, place.path, withOff(this.sightings, place));
    for (const [key, value] of others) walk(value, { ...below(place, key), named: false }, this);
  }

  shape({ image, keys, repository }: Shape, { path, named, off }: Place): boolean {
    if (image === undefined || !(image.hasHost || image.hasPath || named)) return false;
    const where = `fields ${keys.map((key) => formatPath([...path, key])).join(", ")}`;
    this.sightings.see({ image, text: repository, certainty: "likely", where, off: shown(off) });
    return true;
  }

  text(text: string, { path, named, off }: Place): void {
    const where = `field ${formatPath(path)}`;
    if (isLong({ text })) return this.longText(text, where);
    const image = readImageText(text);
    if (image === undefined || !(isUnmistakable(image) || (named && isPlausible(image)))) return;
    const certainty = named && image.pinned ? "likely" : "possible";
    this.sightings.see({ image, text, certainty, where, off: shown(off) });
  }

  /** A text is read as the tables in it, or line by line. */
  longText(text: string, where: string): void {
    const tables = this.#nesting < MAX_TEXTS ? tablesIn(text) : [];
    if (tables.length === 0) return seeLines(text, where, this.sightings);
    const inner = new ObjectVisitor(within(this.sightings, where), this.#nesting + 1);
    for (const table of tables) walkTable(table, TOP, inner);
  }
}

/** What a ConfigMap or Secret hands to whoever mounts it; that of a Secret is in Base64. */
function seeData(object: Dict, encoded: boolean, visitor: ObjectVisitor): void {
  const [data, plain] = [object.get("data"), object.get("stringData")];
  const given = data instanceof Map ? entriesOf(data) : [];
  const entries = [
    ...(encoded ? given.map(decoded) : given),
    ...(plain instanceof Map ? entriesOf(plain) : []),
  ];
  const short = entries.filter((entry) => !isLong(entry));
  for (const entry of short) seeNamedText(entry, `data ${entry.key}`, visitor.sightings);
  seeShapes(short, (keys) => `data ${keys.join(", ")}`, visitor.sightings);
  for (const { key, text } of entries.filter(isLong)) visitor.longText(text, `data ${key}`);
}

/** A text of several lines, or a table on one. */
function isLong({ text }: Pick<Entry, "text">): boolean {
  return text.trim().includes("\n") || /^\s*[{[].*[:"]/s.test(text);
}

function decoded({ key, text }: Entry): Entry {
  return { key, text: Buffer.from(text, "base64").toString() };
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

function withOff(sightings: Sightings, { off }: Place): Sightings {
  if (off === undefined) return sightings;
  return { ...sightings, see: (sighting) => sightings.see({ ...sighting, off: shown(off) }) };
}

function shown(off: readonly string[] | undefined): string | undefined {
  return off === undefined ? undefined : `${formatPath(off)}=true`;
}
