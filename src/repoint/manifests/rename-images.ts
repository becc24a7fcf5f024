import { seeObject } from "../../discover/object-images.ts";
import type { Sighting } from "../../discover/sighting.ts";
import { isList, type Dict, type Value } from "../../helm/template/value.ts";
import type { ValuesPath } from "../../helm/values/path.ts";
import { formatReference, type Reference } from "../../oci/reference.ts";
import { candidatesFor } from "../candidates.ts";
import { joinEdits, keyOf, withEdits, type Edit } from "../edits.ts";
import type { Leaf } from "../leaves.ts";
import { codingOf, type Coding } from "./coded-texts.ts";

/** What an image is to be called, or why there is no such name. */
export type Rename = (image: Reference) => Reference | { readonly reason: string };

/** An image that an object names, and where. */
export interface SeenImage {
  readonly image: Reference;
  readonly where: string;
}

interface RenamedImages {
  /** Texts of the object that are others now. */
  readonly edits: readonly Edit[];
  readonly changed: readonly (SeenImage & { readonly target: Reference })[];
  readonly left: readonly (SeenImage & { readonly reason: string })[];
}

/** More texts than any object has that names images. */
const MAX_TEXTS = 5000;

/**
 * Changes the texts of an object until its images have their new names, each tried by looking for
 * images once more: nothing else may become another image by it.
 */
export function renameImages(object: Dict, rename: Rename): RenamedImages {
  const changed: (SeenImage & { target: Reference })[] = [];
  const left: (SeenImage & { reason: string })[] = [];
  let edits: readonly Edit[] = [];
  let now = object;
  for (const [key, sighting] of sightingsIn(object)) {
    const { where, certainty } = sighting;
    const image = sighting.image.reference;
    const target = rename(image);
    const seen = { image, where };
    if ("reason" in target) left.push({ ...seen, reason: target.reason });
    else if (formatReference(target) === formatReference(image)) continue;
    else if (certainty === "possible") {
      left.push({ ...seen, reason: "it only looks like an image there" });
    } else {
      const found = findEdits(now, { key, sighting, target });
      if (found === undefined) {
        left.push({ ...seen, reason: "no text was found there that is its name" });
        continue;
      }
      edits = joinEdits(edits, found);
      now = withEdits(now, found, now);
      changed.push({ ...seen, target });
    }
  }
  return { edits, changed, left };
}

/** Images of an object by what stays the same when only names change. */
function sightingsIn(object: Dict): ReadonlyMap<string, Sighting> {
  const found = new Map<string, Sighting>();
  const counts = new Map<string, number>();
  seeObject(object, {
    miss: () => {},
    see: (sighting) => {
      const count = counts.get(sighting.where) ?? 0;
      counts.set(sighting.where, count + 1);
      found.set(`${sighting.where}\n${count}`, sighting);
    },
  });
  return found;
}

function findEdits(
  object: Dict,
  wanted: { readonly key: string; readonly sighting: Sighting; readonly target: Reference },
): readonly Edit[] | undefined {
  const { key, sighting, target } = wanted;
  const { reference } = sighting.image;
  const before = sightingsIn(object);
  // The value that was seen before may have been changed together with another.
  if (nameIn(before, key) === formatReference(target)) return [];
  const leaves = textsOf(object);
  const candidates = candidatesFor({ reference, written: sighting.text, target }, leaves);
  const codings = new Map(leaves.map((leaf) => [keyOf(leaf), leaf.coding]));
  const coded = candidates.map((edits) => edits.map((edit) => encoded(edit, codings)));
  return coded.find((edits) => {
    const after = sightingsIn(withEdits(object, edits, object));
    if (nameIn(after, key) !== formatReference(target)) return false;
    return [...before.keys()].every((other) => {
      const name = nameIn(after, other);
      return name === nameIn(before, other) || name === formatReference(target);
    });
  });
}

function nameIn(sightings: ReadonlyMap<string, Sighting>, key: string): string | undefined {
  const found = sightings.get(key);
  return found === undefined ? undefined : formatReference(found.image.reference);
}

function encoded(edit: Edit, codings: ReadonlyMap<string, Coding>): Edit {
  const coding = codings.get(keyOf(edit));
  if (coding === undefined || typeof edit.value !== "string") return edit;
  return { path: edit.path, value: coding.encode(edit.value) };
}

/** A text as it is meant, and how it is written. */
interface CodedLeaf extends Leaf {
  readonly coding: Coding;
}

/** All texts of an object; what is said about it is no part of what it runs. */
function textsOf(object: Dict): CodedLeaf[] {
  const found: CodedLeaf[] = [];
  const isSecret = object.get("kind") === "Secret";
  const walk = (value: Value, path: ValuesPath): void => {
    if (found.length >= MAX_TEXTS) return;
    if (typeof value === "string") {
      if (value === "") return;
      const coding = codingOf(value, isSecret && path[0] === "data");
      found.push({ path, text: coding.decode(value), isRead: false, coding });
    } else if (isList(value)) {
      for (const [at, item] of value.entries()) walk(item, [...path, String(at)]);
    } else if (value instanceof Map) {
      for (const [key, item] of value) walk(item, [...path, key]);
    }
  };
  for (const [key, value] of object) if (key !== "metadata") walk(value, [key]);
  return found;
}
