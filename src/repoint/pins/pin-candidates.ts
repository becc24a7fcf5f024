import { roleOf } from "../../discover/image-key.ts";
import { encodedOf, type Digest } from "../../oci/digest.ts";
import type { Reference } from "../../oci/reference.ts";
import type { Edit } from "../edits.ts";
import type { Leaf } from "../leaves.ts";
import { nameOf } from "../names.ts";
import { isEnd, withoutPin } from "../pieces.ts";

/** An image as it is named now, and with the digest that it is to have or to lose. */
export interface Pin {
  readonly now: Reference;
  readonly wanted: Reference;
}

/** Keys for digests that are tried for one image: the nearest ones. */
const MAX_KEYS = 6;

/** Values that may give a name its digest, or take it away: keys for digests go first. */
export function pinCandidates({ now, wanted }: Pin, leaves: readonly Leaf[]): Edit[] {
  if (wanted.digest !== undefined) {
    return [...digestKeys(wanted, wanted.digest, leaves), ...pinnedTexts(wanted, leaves)];
  }
  return now.digest === undefined ? [] : withoutDigest(now.digest, leaves);
}

function digestKeys(image: Reference, digest: Digest, leaves: readonly Leaf[]): Edit[] {
  const anchors = leaves.filter((leaf) => isAbout(leaf, image));
  const near = (leaf: Leaf): number =>
    anchors.reduce((most, { path }) => Math.max(most, commonKeys(path, leaf.path)), 0);
  const keys = leaves
    .filter(({ path }) => roleOf(path.at(-1) ?? "")?.role === "digest")
    .toSorted((a, b) => Number(b.isRead) - Number(a.isRead) || near(b) - near(a))
    .slice(0, MAX_KEYS);
  const forms = [digest, encodedOf(digest), `@${digest}`];
  return keys.flatMap(({ path }) => forms.map((value) => ({ path, value })));
}

/** True for a text that is a part of the image's name. */
function isAbout({ text }: Leaf, { repository, tag }: Reference): boolean {
  return text !== "" && (text === tag || isEnd(withoutPin(text), `/${repository}`));
}

function commonKeys(one: readonly string[], other: readonly string[]): number {
  const different = one.findIndex((key, index) => other[index] !== key);
  return different === -1 ? one.length : different;
}

/** A tag, or a text with the tag at its end, that takes the digest behind it. */
function pinnedTexts(image: Reference, leaves: readonly Leaf[]): Edit[] {
  const { tag = "", digest = "" } = image;
  const name = nameOf(image);
  const last = name.slice(name.lastIndexOf("/") + 1);
  return leaves.flatMap((leaf) => {
    const { path, text } = leaf;
    const isTag = text === tag || (text === "" && leaf.isRead && isCalledTag(path));
    if (isTag) return [{ path, value: `${tag}@${digest}` }];
    const value = insertBehind(text, `${last}:${tag}`, `@${digest}`);
    return value === undefined ? [] : [{ path, value }];
  });
}

function isCalledTag(path: Leaf["path"]): boolean {
  return roleOf(path.at(-1) ?? "")?.role === "tag";
}

/** `more` behind each `wanted` in a text that is the end of a name. */
function insertBehind(text: string, wanted: string, more: string): string | undefined {
  let result = "";
  let from = 0;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    const isWhole =
      /(?:^|[/\s"'=,[({])$/.test(text.slice(0, at)) && !/^[\w.@-]/.test(text.slice(end));
    if (!isWhole) continue;
    result += text.slice(from, end) + more;
    from = end;
  }
  return from === 0 ? undefined : result + text.slice(from);
}

function withoutDigest(digest: Digest, leaves: readonly Leaf[]): Edit[] {
  const forms: readonly string[] = [digest, encodedOf(digest), `@${digest}`];
  return leaves.flatMap(({ path, text }): Edit[] => {
    if (forms.includes(text)) {
      return [
        { path, value: "" },
        { path, value: null },
      ];
    }
    if (!text.includes(`@${digest}`)) return [];
    return [{ path, value: text.replaceAll(`@${digest}`, "") }];
  });
}
