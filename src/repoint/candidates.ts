import { roleOf, speaksOfImage, wordsOf } from "../discover/image-key.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { keyOf, type Edit } from "./edits.ts";
import { asHeads, endsInLibrary, headsIn, headValues, stemValues, type Head } from "./heads.ts";
import type { Leaf } from "./leaves.ts";
import { nameOf } from "./names.ts";
import { cuts, endsOf, formsOf, isEnd, replaceName, withoutPin } from "./pieces.ts";

/** An image, what it is to be called, and the texts that its name may be made of. */
export interface Wanted {
  readonly reference: Reference;
  readonly written: string;
  readonly target: Reference;
}

/** Sets of values that are tried for one image. */
const MAX_CANDIDATES = 80;

/**
 * What may give an image its new name. Settings that a template was seen to look at go first, and of
 * those the fewest and most telling.
 */
export function candidatesFor(wanted: Wanted, leaves: readonly Leaf[]): readonly Edit[][] {
  const read = leaves.filter(({ isRead }) => isRead);
  const now = new Map(leaves.map((leaf) => [keyOf(leaf), leaf.text]));
  const all = [...madeOf(wanted, read), ...madeOf(wanted, leaves)]
    .map((edits) => edits.filter((edit) => now.get(keyOf(edit)) !== edit.value))
    .filter((edits) => edits.length > 0)
    .toSorted((a, b) => Number(a.some(endsInLibrary)) - Number(b.some(endsInLibrary)));
  return [...new Map(all.map((edits) => [JSON.stringify(edits), edits])).values()];
}

function madeOf(wanted: Wanted, leaves: readonly Leaf[]): Edit[][] {
  const { reference, written, target } = wanted;
  const forms = formsOf(reference, written);
  const name = nameOf(target);
  const wholes = wholesIn(leaves, forms);
  const heads = headsIn(leaves, forms);
  const tails = leaves.filter(({ text }) => forms.some((form) => isEnd(withoutPin(text), form)));
  const alone = heads.flatMap(({ leaf, rests }) => headValues(leaf, rests, name));
  const empty = leaves.filter(isEmptyName).flatMap(({ path }) => namesFor(path, wanted));
  const all: Edit[][] = [
    ...wholes.flatMap((leaf) => rewritten(leaf, forms, [name])),
    ...alone.filter((edit) => !endsInLibrary(edit)).map((edit) => [edit]),
    ...stemValues(leaves, forms, name).map((edit) => [edit]),
    ...empty.map((edit) => [edit]),
    ...tails.flatMap((leaf) =>
      endsOf(name)
        .slice(1)
        .map((end) => [renamed(leaf, end)]),
    ),
    ...wholes.flatMap((leaf) => rewritten(leaf, forms, endsOf(name).slice(1))),
    ...pairs(heads, [...tails, ...wholes.filter(isName)], name),
    ...alone.filter(endsInLibrary).map((edit) => [edit]),
    ...middles(heads, leaves, { forms, name }),
    ...emptyPairs(leaves, name),
  ];
  return all.slice(0, MAX_CANDIDATES);
}

function wholesIn(leaves: readonly Leaf[], forms: readonly string[]): Leaf[] {
  const isWhole = ({ text }: Leaf): boolean =>
    forms.some(
      (form) =>
        withoutPin(text) === form ||
        (form.includes("/") && replaceName(text, form, "") !== undefined),
    );
  return leaves.filter(isWhole);
}

function rewritten(leaf: Leaf, forms: readonly string[], names: readonly string[]): Edit[][] {
  return names.flatMap((name) => {
    const [form] = forms.filter((one) => replaceName(leaf.text, one, name) !== undefined);
    const value = form === undefined ? undefined : replaceName(leaf.text, form, name);
    return value === undefined ? [] : [[{ path: leaf.path, value }]];
  });
}

/** True for a setting that is empty, and in whose place the template has a name of its own. */
function isEmptyName({ path, text, isRead, isAbsent = false }: Leaf): boolean {
  if (text !== "" || !isRead) return false;
  if (isAbsent) return true;
  const [key = "", above = ""] = path.toReversed();
  const role = roleOf(key)?.role;
  if (role === "repository" || role === "image" || role === "name") return true;
  return speaksOfImage(above) && wordsOf(key).some((word) => WHOLE.test(word));
}

/** `image.override`, `image.fullName`, `image.uri`. */
const WHOLE = /^(?:override|full|ur[il]|ref|reference|source|custom|path|location)$/;

/** The whole name, with what pins it and without, or what follows a registry. */
function namesFor(path: Leaf["path"], { target }: Wanted): Edit[] {
  const name = nameOf(target);
  return [name, formatReference(target), ...endsOf(name).slice(1)].map((value) => ({
    path,
    value,
  }));
}

/** True for a text that is nothing but a name. */
function isName({ text }: Leaf): boolean {
  return /^[\w./:@-]+$/.test(text);
}

/** A tag that stands behind the name stays. */
function renamed({ path, text }: Leaf, name: string): Edit {
  return { path, value: name + text.slice(withoutPin(text).length) };
}

/** The beginning in one value, the end in another. */
function pairs(heads: readonly Head[], tails: readonly Leaf[], name: string): Edit[][] {
  return tails.flatMap((leaf) =>
    heads
      .filter((one) => one.leaf !== leaf)
      .toSorted((a, b) => nearness(b.leaf, leaf) - nearness(a.leaf, leaf))
      .flatMap((one) =>
        cuts(name).flatMap(({ head, tail }) =>
          asHeads(one.leaf, head).map((edit) => [edit, renamed(leaf, tail)]),
        ),
      ),
  );
}

/** Both in one table that has neither. */
function emptyPairs(leaves: readonly Leaf[], name: string): Edit[][] {
  const empty = leaves.filter(({ text, isRead }) => text === "" && isRead);
  const tails = empty.filter(({ path }) => roleOf(path.at(-1) ?? "")?.role === "repository");
  const heads = empty.filter(({ path }) => roleOf(path.at(-1) ?? "")?.role === "registry");
  return heads.flatMap(({ path }) =>
    tails
      .filter(
        (one) => one.path.length === path.length && nearness(one, { path }) === path.length - 1,
      )
      .flatMap((one) =>
        cuts(name)
          .toReversed()
          .map(({ head, tail }) => [
            { path, value: head },
            { path: one.path, value: tail },
          ]),
      ),
  );
}

/** How many keys two settings have in common from the top. */
function nearness(one: Pick<Leaf, "path">, other: Pick<Leaf, "path">): number {
  const different = one.path.findIndex((key, index) => other.path[index] !== key);
  return different === -1 ? one.path.length : different;
}

/** The beginning in one value, the organization in another, and an end that stays. */
function middles(
  heads: readonly Head[],
  leaves: readonly Leaf[],
  { forms, name }: { readonly forms: readonly string[]; readonly name: string },
): Edit[][] {
  const between = leaves.filter(
    ({ text }) => text !== "" && forms.some((form) => form.includes(`/${text}/`)),
  );
  return between.flatMap((leaf) => {
    const rests = forms.flatMap((form) => form.split(`/${leaf.text}/`).slice(1));
    const kept = [...new Set(rests)].filter((rest) => isEnd(rest, name));
    return kept.flatMap((rest) =>
      cuts(name.slice(0, -(rest.length + 1))).flatMap(({ head, tail }) =>
        heads.flatMap((one) =>
          asHeads(one.leaf, head).map((edit) => [edit, { path: leaf.path, value: tail }]),
        ),
      ),
    );
  });
}
