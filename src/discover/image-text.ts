import { DrayError } from "../errors.ts";
import { parseReference, type Reference } from "../oci/reference.ts";

/** A text that can be read as a reference, and how much it looks like one by itself. */
export interface ImageText {
  readonly reference: Reference;
  /** A registry host with a dot or port is written out. */
  readonly hasHost: boolean;
  /** There is more than one path component after the host. */
  readonly hasPath: boolean;
  /** A tag or digest is written out. */
  readonly pinned: boolean;
}

/** Longer than any reference. */
const MAX_LENGTH = 512;

/** A name is lower case, and what separates its words stands between them. */
const POSSIBLE =
  /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d+(?=\/))?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@sha\d+:[a-f0-9]{64,128})?$/;
const HOST = /^(?:localhost|(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+|\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?$/i;

/** Endings of files; `registry.example/app.png` is a picture. */
const FILE =
  /\.(?:png|jpe?g|gif|svg|ico|webp|html?|json|ya?ml|toml|md|txt|sh|py|js|css|conf|crt|pem|key|tgz|gz|zip)$/i;

/** Reads `text` as a reference; undefined where it cannot be one. */
export function readImageText(text: string): ImageText | undefined {
  if (text.length > MAX_LENGTH || !POSSIBLE.test(text) || FILE.test(text)) return undefined;
  const reference = tryParse(text);
  if (reference === undefined) return undefined;
  const [first = "", ...others] = text.split("/");
  const hasHost = others.length > 0 && HOST.test(first);
  const hasPath = others.length > (hasHost ? 1 : 0);
  const last = text.slice(text.lastIndexOf("/") + 1);
  return { reference, hasHost, hasPath, pinned: /[:@]/.test(last) };
}

function tryParse(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

/** `quay.io/org/app:v1`: nothing but a reference is written like this. */
export function isUnmistakable({ reference, hasHost, pinned }: ImageText): boolean {
  if (!hasHost || !pinned) return false;
  return reference.digest !== undefined || looksLikeVersion(reference.tag ?? "");
}

/** `org/app:1.2`, `app:1.2` or `quay.io/org/app`: one, where the place speaks of images. */
export function isPlausible(image: ImageText): boolean {
  const { reference, hasHost, hasPath, pinned } = image;
  if (reference.digest !== undefined) return true;
  if (hasHost) return true;
  return pinned && (hasPath || looksLikeVersion(reference.tag ?? ""));
}

/** A version, a date, a commit, or a word that is common as a tag. */
function looksLikeVersion(tag: string): boolean {
  return /\d/.test(tag)
    ? !/^\d{1,5}$/.test(tag) || tag.length < 4
    : /^(?:latest|stable|edge|nightly|dev|main|master|head|canary|beta|alpha|rc|lts|release|current|snapshot)/i.test(
        tag,
      ) || /(?:latest|head|main|master|dev|nightly|alpine|slim|debian|distroless)$/i.test(tag);
}

/** Pieces of a longer text that may be references; parts of URLs and paths are none. */
const TOKEN =
  /(?<![\w.:/@${}%-])[a-zA-Z0-9][a-zA-Z0-9._-]*(?::\d+)?(?:\/[a-zA-Z0-9._-]+)+(?::[\w][\w.-]*)?(?:@sha\d+:[a-f0-9]+)?(?![\w/:@{}$%*-])/g;

/** References that stand in a text and cannot be anything else. */
export function unmistakableIn(text: string): ImageText[] {
  const found: ImageText[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const image = readImageText(token.replace(/[.]+$/, ""));
    if (image !== undefined && isUnmistakable(image)) found.push(image);
  }
  return found;
}
