import { format } from "../helm/template/print.ts";
import type { Dict } from "../helm/template/value.ts";
import { roleOf, type KeyRole } from "./image-key.ts";
import { readImageText, type ImageText } from "./image-text.ts";

/** A name and a text: an entry of a table, a variable, a flag, a line of a properties file. */
export interface Entry {
  readonly key: string;
  readonly text: string;
}

/** Entries of a table whose value is a text or a number. */
export function entriesOf(table: Dict): Entry[] {
  return [...table].flatMap(([key, value]) =>
    typeof value === "string" || typeof value === "number" ? [{ key, text: format(value) }] : [],
  );
}

/** An image that is written in parts. */
export interface Shape {
  /** Undefined where the tag is missing and must come from somewhere else. */
  readonly image: ImageText | undefined;
  /** Registry and repository as far as they are written. */
  readonly repository: string;
  /** The tag as written, empty if it is not. */
  readonly tag: string;
  /** Keys of the parts. */
  readonly keys: readonly string[];
}

export interface ShapeOptions {
  /** The entries stand below a name that speaks of an image, so that `name` is one too. */
  readonly belowImage?: boolean;
  /** What the tables around these entries say for all images in them. */
  readonly inherited?: Inherited | undefined;
}

/** A registry and a tag that hold for every image below (`hub` and `tag`). */
export interface Inherited {
  readonly registry: string;
  readonly tag: string;
}

/** What `entries` say for images further down, on top of what is said around them. */
export function inherit(
  entries: readonly Entry[],
  around: Inherited | undefined,
): Inherited | undefined {
  const own = (pattern: RegExp): string | undefined =>
    entries.find(({ key, text }) => pattern.test(key) && text !== "")?.text;
  const registry = own(/^(?:hub|registry|imageRegistry)$/) ?? around?.registry;
  const tag = own(/^(?:tag|imageTag)$/) ?? around?.tag;
  return registry === undefined || tag === undefined ? around : { registry, tag };
}

/**
 * Puts images together from entries such as `registry`, `repository`, `tag` and `digest`, in all the
 * names that charts give them.
 */
export function composeShapes(entries: readonly Entry[], options: ShapeOptions = {}): Shape[] {
  const groups = new Map<string, Map<KeyRole, Entry>>();
  for (const entry of entries) {
    const found = roleOf(entry.key);
    if (found === undefined || entry.text === "" || NO_IMAGES.test(found.group)) continue;
    const group = groups.get(found.group) ?? new Map<KeyRole, Entry>();
    groups.set(found.group, group);
    if (!group.has(found.role)) group.set(found.role, entry);
  }
  return [...groups.values()].flatMap((group) => composeGroup(group, options));
}

/** What else has a repository and a version. */
const NO_IMAGES = /\b(?:chart|helm|git|maven|npm|apt|yum|pypi)$/;

function composeGroup(group: ReadonlyMap<KeyRole, Entry>, options: ShapeOptions): Shape[] {
  const { belowImage = false, inherited } = options;
  const text = withInherited((role) => textOf(group, role, belowImage), inherited);
  const name = nameOf(text, belowImage);
  if (name === undefined || !(belowImage || PARTS.some((role) => text(role) !== ""))) return [];
  const repository = withRegistry(name, text);
  const [, inner = ""] = /[:@]([^/]*)$/.exec(repository) ?? [];
  const tag = inner === "" ? text("tag") : inner;
  const image = readImageText(inner === "" ? repository + suffixOf(text) : repository);
  if (image === undefined || readImageText(repository) === undefined) return [];
  const keys = [...group.values()].map((entry) => entry.key);
  return [{ image: image.pinned ? image : undefined, repository, tag, keys }];
}

/** A `namespace` is Kubernetes's, unless it stands where only an image has one. */
function textOf(group: ReadonlyMap<KeyRole, Entry>, role: KeyRole, belowImage: boolean): string {
  const { key = "", text = "" } = group.get(role) ?? {};
  if (role !== "namespace" || belowImage || !/^[^a-z]*namespace$/i.test(key)) return text;
  const isPath = group.get("repository")?.text.includes("/") === true;
  return group.has("registry") && !isPath ? text : "";
}

function suffixOf(text: TextOf): string {
  const tag = text("tag");
  return `${tag === "" ? "" : `:${tag}`}${normalDigest(text("digest"))}`;
}

const PARTS: readonly KeyRole[] = ["tag", "digest", "registry", "namespace"];

/** A bare name in the key `image` is completed by what is said around it. */
function withInherited(text: TextOf, inherited: Inherited | undefined): TextOf {
  const isBare = /^[a-z0-9._-]+$/.test(text("image")) && text("repository") === "";
  if (inherited === undefined || !isBare || PARTS.some((role) => text(role) !== "")) return text;
  return (role) => (role === "registry" || role === "tag" ? inherited[role] : text(role));
}

type TextOf = (role: KeyRole) => string;

/** `repository: org` beside `image: app` is one name in two parts. */
function nameOf(text: TextOf, belowImage: boolean): string | undefined {
  const [repository, image, name] = [text("repository"), text("image"), text("name")];
  if (repository !== "" && image !== "" && !image.includes("/")) return join(repository, image);
  const isOrganization = name !== "" && /^[a-z0-9-]+$/.test(repository);
  if (repository !== "") return isOrganization ? join(repository, name) : repository;
  if (image !== "") return image;
  return belowImage && name !== "" ? name : undefined;
}

function withRegistry(name: string, text: TextOf): string {
  if (readImageText(name)?.hasHost === true) return name;
  return [text("registry"), text("namespace"), name].filter((part) => part !== "").reduce(join);
}

function join(left: string, right: string): string {
  return `${left.replace(/\/+$/, "")}/${right.replace(/^\/+/, "")}`;
}

function normalDigest(text: string): string {
  if (/^[a-f0-9]{64}$/.test(text)) return `@sha256:${text}`;
  return /^sha\d+:[a-f0-9]+$/.test(text) ? `@${text}` : "";
}
