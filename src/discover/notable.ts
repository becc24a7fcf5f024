import { roleOf, speaksOfImage } from "./image-key.ts";

const WORD = /(?<![\w.-])[\w.-]*(?:image|repo)[\w.-]*/gi;

/** The beginning of a reference with a registry and a tag. */
const WHOLE_REFERENCE = /\.[a-z]{2,20}(?::\d{1,5})?\/[a-z0-9][\w./-]{0,300}[:@]\w/;

/**
 * True if a piece of a template may print an image: it holds one, or names one or its repository.
 * A tag, digest or registry alone makes no image; many charts print them as labels.
 */
export function isNotable(text: string): boolean {
  if (/image|repo/i.test(text)) {
    for (const [word] of text.matchAll(WORD)) if (speaks(word)) return true;
  }
  return text.includes("/") && WHOLE_REFERENCE.test(text);
}

/** `image.repository` speaks of an image as `imageRepository` does; `image.pullPolicy` does not. */
function speaks(word: string): boolean {
  const names = word.split(".").filter((name) => name !== "");
  const [last = "", above = ""] = names.slice(-2).toReversed();
  const role = roleOf(last)?.role;
  if (role === "tag" || role === "digest" || role === "registry" || role === "namespace")
    return false;
  return role === "repository" || role === "image" || speaksOfImage(role === "name" ? above : last);
}
