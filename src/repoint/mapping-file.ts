import { byCodePoint } from "../helm/template/value.ts";
import { formatReference, parseReference, type Reference } from "../oci/reference.ts";
import type { TargetNames } from "./names.ts";

/** An image, and what the target calls it. */
export interface MovedImage {
  readonly from: Reference;
  readonly to: Reference;
}

/** Each image once, by its name; what is named at the target already does not move. */
export function movedImages(images: readonly string[], names: TargetNames): MovedImage[] {
  return [...new Set(images)]
    .toSorted(byCodePoint)
    .map(parseReference)
    .filter((from) => !names.isThere(from))
    .map((from) => ({ from, to: names.of(from) }));
}

/** `mapping.json`, for other tools; docs/repoint.md. @internal for schemas */
export interface MappingDocument {
  readonly mappingVersion: 1;
  /** What the target calls each image, by its name at the source. */
  readonly images: Readonly<Record<string, string>>;
}

/** The text of `mapping.json`. */
export function mappingText(moved: readonly MovedImage[]): string {
  const images = Object.fromEntries(
    moved.map(({ from, to }) => [formatReference(from), formatReference(to)]),
  );
  const document: MappingDocument = { mappingVersion: 1, images };
  return `${JSON.stringify(document, null, 2)}\n`;
}
