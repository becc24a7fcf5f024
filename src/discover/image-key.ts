/**
 * Names that say what a value is. They are split into words, so that `imageTag`, `image_tag`,
 * `IMAGE_TAG` and `--image-tag` say the same.
 */
export type KeyRole = "image" | "registry" | "namespace" | "repository" | "tag" | "digest" | "name";

export function wordsOf(key: string): readonly string[] {
  const known = split.get(key);
  if (known !== undefined) return known;
  const words = wordsIn(key);
  if (split.size >= MAX_KEYS) split.clear();
  split.set(key, words);
  return words;
}

/** Charts have few keys, and each of them again and again. */
const split = new Map<string, readonly string[]>();
const MAX_KEYS = 10_000;

function wordsIn(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** Words after which a name that speaks of an image means something else. */
const NOT_AN_IMAGE: ReadonlySet<string> = new Set(
  [
    "pull policy policies secret secrets credentials size format dir path url uri enabled type",
    "title renderer cleaner cleanup filter height width mode timeout interval gc age pattern",
    "patterns prefix suffix verify verification spec volume volumes platform architecture arch os",
    "user id metadata stream service controller limit references registry registries repository",
    "repositories repo repos allowlist allowed denied exclude excluded ignore ignored mirror",
    "mirrors label labels annotation annotations namespace namespaces count rate quota threshold",
    "endpoint port host token",
  ].flatMap((words) => words.split(" ")),
);

/** True for `image`, `sidecarImage`, `RELATED_IMAGE_X`, `images`, `imageName`, `image-ref`. */
export function speaksOfImage(key: string): boolean {
  if (!/im(?:a)?g/i.test(key)) return false;
  const words = wordsOf(key);
  const at = words.findIndex((word) => word === "image" || word === "images" || word === "img");
  if (at === -1) return words.some((word) => /images?$/.test(word));
  return !words.slice(at + 1).some((word) => NOT_AN_IMAGE.has(word));
}

const ROLES: readonly (readonly [KeyRole, RegExp])[] = [
  ["digest", /^(?:digest|sha|sha256|sha512|hash)$/],
  ["tag", /^(?:tag|version)$/],
  ["registry", /^(?:registry|hub)$/],
  ["repository", /^(?:repository|repo)$/],
  ["namespace", /^(?:namespace|org|organization)$/],
  ["image", /^(?:image|img)$/],
  ["name", /^name$/],
];

const ROLE_AT_END =
  /(?:digest|sha|sha256|sha512|hash|tag|version|registry|hub|repository|repo|namespace|org|organization|image|img|name)$/i;

/** What the last word of a key says of its value, and the words before it. */
export function roleOf(key: string): { role: KeyRole; group: string } | undefined {
  if (!ROLE_AT_END.test(key)) return undefined;
  const words = wordsOf(key);
  const last = words.at(-1) ?? "";
  const role = ROLES.find(([, pattern]) => pattern.test(last))?.[0];
  if (role === undefined) return undefined;
  const before = words.slice(0, -1);
  const group = before.at(-1) === "image" ? before.slice(0, -1) : before;
  return { role, group: group.join(".") };
}

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
