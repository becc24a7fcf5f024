import { compileRegex, quoteMeta } from "./regex.ts";

/** States for one path against one pattern. */
const MAX_STATES = 10_000_000;

export interface GlobOptions {
  /** `**` for any depth and `{a,b}` for alternatives, as `.Files.Glob` has them. @default false */
  readonly extended?: boolean;
}

/** A matcher for whole paths, undefined for a pattern that is none. `*` and `?` stay within one directory. */
export function glob(
  pattern: string,
  options: GlobOptions = {},
): ((path: string) => boolean) | undefined {
  if (isPlain(pattern)) return plainGlob(pattern);
  const regex = compileRegex(`(?s)${translated(pattern, options.extended === true)}`);
  if ("problem" in regex) return undefined;
  return (path) => regex.workIn(path) < MAX_STATES && regex.testWhole(path);
}

/** Nothing special in it but one `*` at most, as in most lines of a `.helmignore`: no pattern is made of that. */
function isPlain(pattern: string): boolean {
  return /^[^*?[\]\\{},]*\*?[^*?[\]\\{},]*$/.test(pattern);
}

function plainGlob(pattern: string): (path: string) => boolean {
  const [head = "", tail] = pattern.split("*");
  if (tail === undefined) return (path) => path === head;
  return (path) =>
    path.length >= head.length + tail.length &&
    path.startsWith(head) &&
    path.endsWith(tail) &&
    !path.slice(head.length, path.length - tail.length).includes("/");
}

const PIECE = /\*\*|\*|\?|\[(?:!|\^)?\]?[^\]]*\]|\\.|[{},]|[^*?[\\{},]+|./gs;

function translated(pattern: string, extended: boolean): string {
  let braces = 0;
  return pattern.replace(PIECE, (piece) => {
    const isOpen = extended && piece === "{";
    const isClose = extended && piece === "}" && braces > 0;
    braces += Number(isOpen) - Number(isClose);
    if (isOpen) return "(?:";
    if (isClose) return ")";
    if (extended && piece === "," && braces > 0) return "|";
    return extended && piece === "**" ? ".*" : translatedPiece(piece);
  });
}

function translatedPiece(piece: string): string {
  if (/^\*+$/.test(piece)) return "[^/]*";
  if (piece === "?") return "[^/]";
  if (piece.length > 1 && piece.startsWith("[")) return piece.replace(/^\[!/, "[^");
  return quoteMeta(piece.replace(/^\\(.)/s, "$1"));
}

/** Each is tried on each path. */
const MAX_RULES = 1000;

interface Rule {
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
  matches(path: string): boolean;
}

/** Says of a path below the chart's directory whether the chart leaves it out. */
export type Ignores = (path: string, isDirectory: boolean) => boolean;

/**
 * Reads `.helmignore`. A path whose directory is ignored is ignored too. What Helm cannot read is a
 * problem: it does not load such a chart.
 * https://github.com/helm/helm/blob/v3.19.0/pkg/ignore/rules.go
 */
export function parseHelmIgnore(text: string): Ignores | { problem: string } {
  const lines = linesOf(text);
  if (lines.length >= MAX_RULES) return { problem: `it has more than ${MAX_RULES} lines` };
  const rules: Rule[] = [];
  for (const [index, line] of lines.entries()) {
    const rule = parseRule(line.trim());
    if (rule === "none") continue;
    if ("problem" in rule) return { problem: `line ${index + 1}: ${rule.problem}` };
    rules.push(rule);
  }
  rules.push(HIDDEN_TEMPLATES);
  const ignores: Ignores = (path, isDirectory) => {
    const slash = path.lastIndexOf("/");
    if (slash !== -1 && ignores(path.slice(0, slash), true)) return true;
    return isIgnored(rules, path, isDirectory);
  };
  return ignores;
}

/** `templates/.?*`, which Helm adds to every file. */
const HIDDEN_TEMPLATES: Rule = {
  negated: false,
  directoriesOnly: false,
  matches: (path) => /^templates\/\.[^/]+$/.test(path),
};

function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, "").split(/\r?\n/);
}

/** Whether patterns have to be loaded before a `.helmignore` is parsed. */
export function needsPatterns(text: string): boolean {
  return linesOf(text).some((line) => !line.startsWith("#") && !isPlain(line));
}

function parseRule(line: string): Rule | "none" | { problem: string } {
  if (line === "" || line.startsWith("#")) return "none";
  if (line.includes("**")) return { problem: "Helm takes no **" };
  const negated = line.startsWith("!");
  const body = negated ? line.slice(1) : line;
  const directoriesOnly = body.endsWith("/");
  const pattern = directoriesOnly ? body.slice(0, -1) : body;
  const test = glob(pattern.replace(/^\//, ""));
  if (test === undefined) return { problem: `${JSON.stringify(line.slice(0, 200))} is no pattern` };
  const wholePath = pattern.includes("/");
  const matches = (path: string): boolean =>
    test(wholePath ? path : path.slice(path.lastIndexOf("/") + 1));
  return { negated, directoriesOnly, matches };
}

/** The first rule that applies decides; a negated one ignores what it does not match. */
function isIgnored(rules: readonly Rule[], path: string, isDirectory: boolean): boolean {
  for (const rule of rules) {
    if (rule.negated) {
      if ((rule.directoriesOnly && !isDirectory) || !rule.matches(path)) return true;
    } else if ((isDirectory || !rule.directoriesOnly) && rule.matches(path)) {
      return true;
    }
  }
  return false;
}
