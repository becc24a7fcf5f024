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
  const regex = compileRegex(`(?s)${translated(pattern, options.extended === true)}`);
  if ("problem" in regex) return undefined;
  return (path) => regex.workIn(path) < MAX_STATES && regex.testWhole(path);
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

/** Rules beyond this many are not read; each is tried on each path. */
const MAX_RULES = 1000;

interface Rule {
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
  matches(path: string): boolean;
}

/** Says of a path below the chart's directory whether the chart leaves it out. */
export type Ignores = (path: string, isDirectory: boolean) => boolean;

/**
 * Reads `.helmignore`. A path whose directory is ignored is ignored too.
 * https://github.com/helm/helm/blob/v3.19.0/pkg/ignore/rules.go
 */
export function parseHelmIgnore(text: string): Ignores {
  const lines = [...text.replace(/^\uFEFF/, "").split(/\r?\n/), "templates/.?*"];
  const rules = lines.slice(0, MAX_RULES).flatMap((line) => parseRule(line.trim()));
  const ignores: Ignores = (path, isDirectory) => {
    const slash = path.lastIndexOf("/");
    if (slash !== -1 && ignores(path.slice(0, slash), true)) return true;
    return isIgnored(rules, path, isDirectory);
  };
  return ignores;
}

/** A rule that is no pattern is left out, as one with `**` is by Helm. */
function parseRule(line: string): Rule[] {
  if (line === "" || line.startsWith("#") || line.includes("**")) return [];
  const negated = line.startsWith("!");
  const body = negated ? line.slice(1) : line;
  const directoriesOnly = body.endsWith("/");
  const pattern = directoriesOnly ? body.slice(0, -1) : body;
  const test = glob(pattern.replace(/^\//, ""));
  if (test === undefined) return [];
  const wholePath = pattern.includes("/");
  const matches = (path: string): boolean =>
    test(wholePath ? path : path.slice(path.lastIndexOf("/") + 1));
  return [{ negated, directoriesOnly, matches }];
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
