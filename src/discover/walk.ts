import { isList, type Dict, type Value } from "../helm/template/value.ts";
import type { ValuesPath } from "../helm/values/path.ts";
import { composeShapes, entriesOf, inherit, type Inherited, type Shape } from "./shape.ts";

/** Deeper than any object that Kubernetes takes. */
const MAX_DEPTH = 60;

/** Where a walk through tables and lists is. */
export interface Place {
  readonly path: ValuesPath;
  /** The key above speaks of an image. */
  readonly named: boolean;
  /** The setting closest above that is off. */
  readonly off: ValuesPath | undefined;
  /** What the tables around it say for all images in them. */
  readonly inherited: Inherited | undefined;
}

/** What looks for images on the way, in rendered objects or in values. */
export interface Visitor {
  /** True if a key says that an image stands below it. */
  names(key: string, table: Place): boolean;
  /** An image in parts; true if the place makes it one, and its keys need no other look. */
  shape(shape: Shape, table: Place): boolean;
  text(text: string, place: Place): void;
  /** True for a table or list in which this looked for images itself. */
  takes?(value: Dict | readonly Value[], place: Place): boolean;
  /** Keys that speak about a table as a whole, and of no image; it has none in parts either. */
  about?(table: Dict): RegExp | undefined;
}

export const TOP: Place = { path: [], named: false, off: undefined, inherited: undefined };

/** Goes through a value and all below it. */
export function walk(value: Value, place: Place, visitor: Visitor): void {
  if (place.path.length > MAX_DEPTH) return;
  if (typeof value === "string") return visitor.text(value, place);
  if (!(value instanceof Map || isList(value)) || visitor.takes?.(value, place) === true) return;
  if (value instanceof Map) return walkTable(value, place, visitor);
  for (const [index, item] of value.entries()) walk(item, below(place, String(index)), visitor);
}

/** Goes through a table that is nothing but its entries. */
export function walkTable(table: Dict, place: Place, visitor: Visitor): void {
  const about = visitor.about?.(table);
  const entries = about === undefined ? entriesOf(table) : [];
  const off = table.get("enabled") === false ? [...place.path, "enabled"] : place.off;
  const inner = { ...place, off, inherited: inherit(entries, place.inherited) };
  const shapes = composeShapes(entries, { belowImage: place.named, inherited: inner.inherited });
  const said = new Set(
    shapes.filter((shape) => visitor.shape(shape, inner)).flatMap(({ keys }) => keys),
  );
  for (const [key, value] of table) {
    if (said.has(key) || about?.test(key) === true) continue;
    walk(value, { ...below(inner, key), named: visitor.names(key, place) }, visitor);
  }
}

/** The place of what stands at `key`. */
export function below(place: Place, key: string): Place {
  return { ...place, path: [...place.path, key] };
}
