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

/** Joins the keys of a path for `valueLines`. */
export function lineKey(path: readonly string[]): string {
  return path.join("\0");
}

/**
 * The line, counted from 1, on which each entry of a YAML text in block style stands, by its keys
 * joined with `lineKey`. What is written in flow style has no line of its own.
 */
export function valueLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let stack: Frame[] = [{ indent: -1, isItem: false, path: "", items: 0 }];
  let blockIndent = Number.POSITIVE_INFINITY;
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.trimStart();
    const indent = line.length - content.length;
    if (content === "" || indent > blockIndent || content.startsWith("#")) continue;
    if (content.length > MAX_LINE) continue;
    blockIndent = BLOCK_TEXT.test(content) ? indent : Number.POSITIVE_INFINITY;
    stack = push(stack, content, indent);
    for (const frame of stack) if (!lines.has(frame.path)) lines.set(frame.path, index + 1);
  }
  return lines;
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
  return parent === undefined || parent.path === "" ? key : lineKey([parent.path, key]);
}
