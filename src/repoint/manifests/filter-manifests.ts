import { append } from "../../content/append.ts";
import { DrayError } from "../../errors.ts";
import { isList, type Dict, type Value } from "../../helm/template/value.ts";
import type { ValuesPath } from "../../helm/values/path.ts";
import { formatReference } from "../../oci/reference.ts";
import { readYaml } from "../../yaml/read.ts";
import { withEdits, type Edit } from "../edits.ts";
import { renameImages, type Rename, type SeenImage } from "./rename-images.ts";
import { rewriteText } from "./rewrite-text.ts";

/** An image in a manifest. */
export interface FilteredImage {
  /** `Deployment/web` */
  readonly object: string;
  /** `container main` */
  readonly where: string;
  readonly image: string;
}

export interface ChangedImage extends FilteredImage {
  readonly target: string;
}

export interface LeftImage extends FilteredImage {
  readonly reason: string;
  /** True for the image of a container, which is pulled for certain. */
  readonly isPulled: boolean;
}

export interface FilteredManifests {
  /** The manifests; what needed no change has the bytes that it had. */
  readonly text: string;
  readonly changed: readonly ChangedImage[];
  /** Images that have the names they had, though they are of another place. */
  readonly left: readonly LeftImage[];
}

/** Separators between documents, each with the rest of its line. */
const SEPARATOR = /^---(?!-)/gm;

/**
 * Gives the images in manifests their new names: of whatever runs containers, in lists of objects, in
 * custom resources and texts where it is told that something is an image.
 *
 * @throws DrayError `DRAY_YAML_INVALID` for a document that is no YAML
 */
export function filterManifests(text: string, rename: Rename): FilteredManifests {
  const changed: ChangedImage[] = [];
  const left: LeftImage[] = [];
  let result = "";
  for (const document of documentsIn(text)) {
    const filtered = filterDocument(document, rename);
    result += filtered.text;
    append(changed, filtered.changed);
    append(left, filtered.left);
  }
  return { text: result, changed, left };
}

/** The text in pieces, of which all but the first begin with a separator. */
function documentsIn(text: string): { readonly text: string; readonly line: number }[] {
  const starts = [0, ...[...text.matchAll(SEPARATOR)].map(({ index }) => index)];
  let line = 1;
  return [...new Set(starts)].map((start, at, all) => {
    const piece = { text: text.slice(start, all[at + 1]), line };
    line += piece.text.split("\n").length - 1;
    return piece;
  });
}

function filterDocument(
  { text, line }: { readonly text: string; readonly line: number },
  rename: Rename,
): FilteredManifests {
  const value = parsed(text, line);
  const changed: ChangedImage[] = [];
  const left: LeftImage[] = [];
  const edits: Edit[] = [];
  for (const { object, path } of objectsIn(value)) {
    const name = nameOf(object);
    const renamed = renameImages(object, rename);
    append(
      edits,
      renamed.edits.map((edit) => ({ ...edit, path: [...path, ...edit.path] })),
    );
    append(
      changed,
      renamed.changed.map(({ image, where, target }) => ({
        object: name,
        where,
        image: formatReference(image),
        target: formatReference(target),
      })),
    );
    append(
      left,
      renamed.left.map((one) => leftImage(name, one, one.reason)),
    );
  }
  if (edits.length === 0 || !(value instanceof Map)) return { text, changed: [], left };
  const wanted = withEdits(value, edits, value);
  const rewritten = rewriteText(text, { before: value, wanted, edits });
  if (rewritten !== undefined) return { text: rewritten, changed, left };
  const reason = "it cannot be changed where it is written";
  const unchanged = changed.map(({ target: _target, ...one }) => ({
    ...one,
    reason,
    isPulled: isContainer(one.where),
  }));
  return { text, changed: [], left: [...left, ...unchanged] };
}

function leftImage(object: string, { image, where }: SeenImage, reason: string): LeftImage {
  return { object, where, image: formatReference(image), reason, isPulled: isContainer(where) };
}

function isContainer(where: string): boolean {
  return /^(?:\w+ )?container\b/.test(where);
}

function parsed(text: string, line: number): Value {
  try {
    return readYaml(text.replace(/^---/, "   "), "a document");
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw new DrayError(
      "DRAY_YAML_INVALID",
      `Cannot read the document from line ${line} of standard input on: ${cause.message}`,
      { kind: "refused", cause, hint: "Nothing was written. Helm would refuse it too." },
    );
  }
}

/** Objects of a document, those of lists each by itself. */
function objectsIn(value: Value, path: ValuesPath = []): { object: Dict; path: ValuesPath }[] {
  if (!(value instanceof Map)) return [];
  const items = value.get("items");
  const kind = value.get("kind");
  if (typeof kind === "string" && kind.endsWith("List") && isList(items)) {
    return items.flatMap((item, at) => objectsIn(item, [...path, "items", String(at)]));
  }
  return [{ object: value, path }];
}

function nameOf(object: Dict): string {
  const kind = object.get("kind");
  const metadata = object.get("metadata");
  const name = metadata instanceof Map ? metadata.get("name") : undefined;
  return `${typeof kind === "string" ? kind : "?"}/${typeof name === "string" ? name : "?"}`;
}
