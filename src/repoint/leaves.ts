import { roleOf, speaksOfImage, wordsOf } from "../discover/image-key.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { lookUp, type ValuesPath } from "../helm/values/path.ts";
import type { Setting } from "./noted-settings.ts";

/** A text among the values, or a place where one could be. */
export interface Leaf {
  readonly path: ValuesPath;
  /** "" where nothing is. */
  readonly text: string;
  /** True if a template looked at it to print the name of an image. */
  readonly isRead: boolean;
  /** True if nothing is there and only a template knows what it would be, whatever it is called. */
  readonly isAbsent?: boolean;
}

/** More texts than any chart has; a value that a user gives may be anything. */
const MAX_TEXTS = 20_000;

/** What may have a say in what a file prints: what it was seen to look at, then all that could. */
export class Leaves {
  readonly #scene: LeafSource;
  readonly #texts: readonly Leaf[];
  readonly #byFile = new Map<string, readonly Leaf[]>();
  readonly #read = new Map<string, ReadonlySet<string>>();

  constructor(scene: LeafSource) {
    this.#scene = scene;
    this.#texts = withPublic(textsIn(scene.composed).filter(({ text }) => text !== ""));
  }

  of(file: string): readonly Leaf[] {
    const known = this.#byFile.get(file) ?? this.#find(file);
    this.#byFile.set(file, known);
    return known;
  }

  /** Paths of the settings that `file` was seen to look at. */
  readBy(file: string): ReadonlySet<string> {
    const known =
      this.#read.get(file) ??
      new Set(this.of(file).flatMap((leaf) => (leaf.isRead ? [leaf.path.join("\0")] : [])));
    this.#read.set(file, known);
    return known;
  }

  #find(file: string): Leaf[] {
    const read = withPublic(readLeaves(this.#scene.settingsOf(file), this.#scene.composed));
    const seen = new Set(read.map(({ path }) => path.join("\0")));
    return [...read, ...this.#texts.filter(({ path }) => !seen.has(path.join("\0")))];
  }
}

/**
 * A path, behind the one that users are to set in its place: some charts keep what their templates
 * merge the user's values into under a key that begins with `_`.
 */
export function publicFirst(path: ValuesPath): ValuesPath[] {
  const open = path.filter((key) => !key.startsWith("_"));
  return open.length === path.length || open.length === 0 ? [path] : [open, path];
}

function withPublic(leaves: readonly Leaf[]): Leaf[] {
  return leaves.flatMap((leaf) => publicFirst(leaf.path).map((path) => ({ ...leaf, path })));
}

/** Where leaves are found. */
interface LeafSource {
  readonly composed: Dict;
  readonly settingsOf: (file: string) => readonly Setting[];
}

/** Texts that are called as if they were the tag or the digest of something. */
export function pinsIn(values: Value): Leaf[] {
  return textsIn(values, (path) => /^(?:tag|digest)$/.test(roleOf(path.at(-1) ?? "")?.role ?? ""));
}

/** Every text in `values` that could hold the name of an image, or is called as if it did. */
function textsIn(values: Value, isCalled: (path: ValuesPath) => boolean = isCalledPart): Leaf[] {
  const found: Leaf[] = [];
  const walk = (value: Value, path: ValuesPath): void => {
    if (found.length >= MAX_TEXTS) return;
    if (typeof value === "string") {
      if (value.includes("/") || isCalled(path)) {
        found.push({ path, text: value, isRead: false });
      }
    } else if (isList(value)) {
      for (const [index, item] of value.entries()) walk(item, [...path, String(index)]);
    } else if (value instanceof Map) {
      for (const [key, item] of value) walk(item, [...path, key]);
    }
  };
  walk(values, []);
  return found;
}

/** The settings of a file as leaves: what stands below a table that was looked at counts too. */
function readLeaves(settings: readonly Setting[], values: Value): Leaf[] {
  const found = new Map<string, Leaf>();
  const add = (leaf: Leaf): void => {
    found.set(leaf.path.join("\0"), leaf);
  };
  for (const { path, value } of settings) {
    if (value === null) add({ path, text: "", isRead: true });
    else if (typeof value === "string") add({ path, text: value, isRead: true });
    else if (value instanceof Map || isList(value)) {
      for (const { path: below, text } of textsIn(lookUp(values, path) ?? value)) {
        add({ path: [...path, ...below], text, isRead: true });
      }
    }
  }
  return [...found.values()];
}

const PARTS: ReadonlySet<string> = new Set(["image", "registry", "repository", "namespace"]);

/** True for a setting that is called as if it were an image or a part of the name of one. */
export function isCalledPart(path: ValuesPath): boolean {
  return (
    path.slice(-2).some(speaksOfImage) ||
    PARTS.has(roleOf(path.at(-1) ?? "")?.role ?? "") ||
    isCalledRegistry(path)
  );
}

const HEAD =
  /^(?:registry|registries|hub|mirror|prefix|server|host|hostname|url|domain|repo|repository|org|source)$/;

/** True for an empty setting that is called as if a registry belonged there. */
export function isCalledRegistry(path: ValuesPath): boolean {
  const last = wordsOf(path.at(-1) ?? "");
  return last.some((word) => HEAD.test(word) || word.endsWith("registry"));
}
