/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const SCHEME = /^([A-Za-z][\w!#$%&'*+.^`|~-]*)(?:\s+|$)(?!=)/;
const PARAMETER = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/;

/** A registry has no reason to send more; the rest is ignored. */
const MAX_HEADER_LENGTH = 16 * 1024;

/**
 * Reads every challenge of one or several headers: several in one header, commas inside quotes,
 * parameters without quotes.
 */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap((header) => parseHeader(header.slice(0, MAX_HEADER_LENGTH)));
}

function parseHeader(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (let rest = header.trim(); rest !== ""; rest = rest.replace(/^[\s,]+/, "")) {
    const [parameter, name = "", quoted, plain = ""] = PARAMETER.exec(rest) ?? [];
    const current = challenges.at(-1);
    if (parameter !== undefined && current !== undefined) {
      current.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain);
      rest = rest.slice(parameter.length);
      continue;
    }
    const [start, scheme] = SCHEME.exec(rest) ?? [];
    if (start === undefined || scheme === undefined) break;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    rest = rest.slice(start.length);
  }
  return challenges;
}
