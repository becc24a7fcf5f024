import { isList, type Dict, type Value } from "../helm/template/value.ts";
import type { ValuesPath } from "../helm/values/path.ts";
import { speaksOfImage } from "./image-key.ts";
import {
  isPlausible,
  isUnmistakable,
  readImageText,
  unmistakableIn,
  type ImageText,
} from "./image-text.ts";
import {
  composeShapes,
  entriesOf,
  inherit,
  type Entry,
  type Inherited,
  type Shape,
  type ShapeOptions,
} from "./shape.ts";

/** An image that values describe. */
export interface ValueImage {
  /** Undefined where the tag is not in the values. */
  readonly image: ImageText | undefined;
  /** Registry and repository as far as they are written, and the tag, which may be empty. */
  readonly repository: string;
  readonly tag: string;
  readonly path: ValuesPath;
  /** A name or the form of the table says that it is an image. */
  readonly certain: boolean;
  /** The setting closest above it that is off. */
  readonly enabledBy: ValuesPath | undefined;
}

const MAX_DEPTH = 60;

interface Place {
  readonly path: ValuesPath;
  readonly named: boolean;
  readonly enabledBy: ValuesPath | undefined;
  readonly inherited: Inherited | undefined;
}

/** Images in values: tables in all dialects, and whole references under any name. */
export function imagesInValues(
  values: Dict,
  path: ValuesPath,
  skip: ReadonlySet<string>,
): ValueImage[] {
  const found: ValueImage[] = [];
  const top = new Map<string, Value>([...values].filter(([key]) => !skip.has(key)));
  visit(top, { path, named: false, enabledBy: undefined, inherited: undefined }, found);
  return found;
}

function visit(value: Value, place: Place, found: ValueImage[]): void {
  if (place.path.length > MAX_DEPTH) return;
  if (value instanceof Map) {
    visitTable(value, place, found);
  } else if (typeof value === "string") {
    found.push(...imagesInText(value, place));
  } else if (isList(value)) {
    for (const [index, item] of value.entries()) {
      visit(item, { ...place, path: [...place.path, String(index)] }, found);
    }
  }
}

function visitTable(table: Dict, place: Place, found: ValueImage[]): void {
  const enabledBy = table.get("enabled") === false ? [...place.path, "enabled"] : place.enabledBy;
  const entries = entriesOf(table);
  const inherited = inherit(entries, place.inherited);
  const shapes = shapesOf(entries, { belowImage: place.named, inherited });
  const said = new Set(shapes.flatMap((shape) => shape.keys));
  for (const { image, repository, tag, keys } of shapes) {
    const path = [...place.path, mainKey(keys)];
    found.push({ image, repository, tag, path, certain: true, enabledBy });
  }
  for (const [key, item] of table) {
    if (said.has(key)) continue;
    const named = speaksOfImage(key);
    visit(item, { path: [...place.path, key], named, enabledBy, inherited }, found);
  }
}

function shapesOf(entries: readonly Entry[], options: ShapeOptions): Shape[] {
  // A name with a version alone is as often a package as an image.
  return composeShapes(entries, options).filter(
    ({ image, keys }) =>
      options.belowImage === true || image?.hasHost === true || keys.some(speaksOfRepository),
  );
}

function speaksOfRepository(key: string): boolean {
  return /repo|image/i.test(key);
}

function mainKey(keys: readonly string[]): string {
  return (
    keys.find((key) => /repo/i.test(key)) ??
    keys.find((key) => /image|name/i.test(key)) ??
    keys[0] ??
    ""
  );
}

function imagesInText(text: string, { path, named, enabledBy }: Place): ValueImage[] {
  const whole = readImageText(text.trim());
  const images = whole === undefined ? unmistakableIn(text) : [whole];
  return images.flatMap((image): ValueImage[] => {
    const isNamed = named && whole !== undefined && isPlausible(image);
    const certain = isNamed && (image.hasHost || image.hasPath);
    if (!certain && !isUnmistakable(image)) return [];
    const { registry, repository, tag = "" } = image.reference;
    const name = `${registry}/${repository}`;
    if (image.pinned) return [{ image, repository: name, tag, path, certain, enabledBy }];
    return [{ image: undefined, repository: name, tag: "", path, certain, enabledBy }];
  });
}
