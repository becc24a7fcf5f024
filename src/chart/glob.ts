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
