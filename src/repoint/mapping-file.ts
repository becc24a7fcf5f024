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

/** `mapping.json`: old name → new name, for other tools. docs/repoint.md */
export function mappingText(moved: readonly MovedImage[]): string {
  const images = Object.fromEntries(
    moved.map(({ from, to }) => [formatReference(from), formatReference(to)]),
  );
  return `${JSON.stringify({ mappingVersion: 1, images }, null, 2)}\n`;
}
