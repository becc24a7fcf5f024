export interface YamlDocument {
  readonly text: string;
  /** Line of the whole text on which it begins, counted from 0. */
  readonly line: number;
}

/** Documents between lines that begin with `---`; those with nothing but comments are left out. */
export function splitDocuments(text: string): YamlDocument[] {
  const documents: YamlDocument[] = [];
  let start = 0;
  let line = 0;
  for (const separator of text.matchAll(/^---(?!-)/gm)) {
    documents.push({ text: text.slice(start, separator.index), line });
    line += countLines(text, start, separator.index);
    start = separator.index + 3;
  }
  documents.push({ text: text.slice(start), line });
  return documents.filter((document) => /^[^\S\n]*[^\s#]/m.test(document.text));
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) {
    lines++;
  }
  return lines;
}

/** Where something stands in a text; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A table's entry or a list's item, while the lines below it are read. */
interface Frame {
  readonly indent: number;
  readonly isItem: boolean;
  readonly path: string;
  /** Items of the list below it so far. */
  items: number;
}

const KEY =
  /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#"'[\]{},&*!|>%@`-][^#]*?|-[^\s#][^#]*?))\s*:(?=\s|$)/;
const BLOCK_TEXT = /:\s+(?:&\S+\s+|!\S+\s+)?[|>][-+\d]*\s*(?:#.*)?$|^-\s+[|>][-+\d]*\s*$/;

/** A longer line holds a text, and no key worth finding. */
const MAX_LINE = 2000;

/** Finds where values stand in a YAML text. */
export class KeyPlaces {
  readonly #places: ReadonlyMap<string, Place>;

  constructor(text: string) {
    this.#places = placesIn(text);
  }

  /**
   * The place of the entry at `path`: of its key, or of the dash before a list's item. What is written
   * in flow style stands where the whole of it begins; undefined for what is not there at all.
   */
  find(path: readonly PropertyKey[]): Place | undefined {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(joined(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return undefined;
  }
}

function joined(path: readonly PropertyKey[]): string {
  return path.map(String).join("\0");
}

/** The places of all entries in block style. */
function placesIn(text: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  let stack: Frame[] = [{ indent: -1, isItem: false, path: "", items: 0 }];
  let blockIndent = Number.POSITIVE_INFINITY;
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.trimStart();
    const indent = line.length - content.length;
    if (content === "" || indent > blockIndent || content.startsWith("#")) continue;
    if (content.length > MAX_LINE) continue;
    blockIndent = BLOCK_TEXT.test(content) ? indent : Number.POSITIVE_INFINITY;
    stack = push(stack, content, indent);
    for (const { path, indent: before } of stack) {
      if (!places.has(path)) places.set(path, { line: index + 1, column: before + 1 });
    }
  }
  return places;
}

/** Takes in the dashes of list items and the key that a line begins with. */
function push(stack: Frame[], content: string, indent: number): Frame[] {
  const dash = /^-(?:\s+|$)/.exec(content)?.[0];
  if (dash !== undefined) {
    return push(pushItem(stack, indent), content.slice(dash.length), indent + dash.length);
  }
  const key = KEY.exec(content);
  return key === null ? stack : pushKey(stack, indent, key[1] ?? key[2] ?? key[3] ?? "");
}

/** A list may stand as far left as the key that holds it. */
function pushItem(stack: readonly Frame[], indent: number): Frame[] {
  const outer = stack.filter(
    (frame) => frame.indent < indent || (frame.indent === indent && !frame.isItem),
  );
  const parent = outer.at(-1);
  const number = parent === undefined ? 0 : parent.items++;
  return [...outer, { indent, isItem: true, path: below(parent, String(number)), items: 0 }];
}

function pushKey(stack: readonly Frame[], indent: number, key: string): Frame[] {
  const outer = stack.filter((frame) => frame.indent < indent);
  return [...outer, { indent, isItem: false, path: below(outer.at(-1), key), items: 0 }];
}

function below(parent: Frame | undefined, key: string): string {
  return parent === undefined || parent.path === "" ? key : joined([parent.path, key]);
}
