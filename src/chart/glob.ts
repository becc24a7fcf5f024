import { Regex } from "../helm/template/regex/regex.ts";

/** Steps for one name against one pattern. */
const MAX_STEPS = 100_000;

export interface GlobOptions {
  /** `**` for any depth and `{a,b}` for alternatives, as `.Files.Glob` has them. @default false */
  readonly extended?: boolean;
}

/**
 * A matcher for whole paths. `*` and `?` stay within one directory.
 * @throws TemplateError for a pattern that is none
 */
export function glob(pattern: string, options: GlobOptions = {}): (path: string) => boolean {
  let steps = 0;
  const regex = new Regex(`(?s)^${translated(pattern, options.extended === true)}$`, (count) => {
    steps += count;
  });
  return (path) => {
    steps = 0;
    return path.length < MAX_STEPS && regex.find(path, 0) !== undefined && steps < MAX_STEPS;
  };
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
  return literal(piece.replace(/^\\(.)/s, "$1"));
}

function literal(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
