import { RE2JS, RE2JSException } from "re2js";

/** Wanted of a name: that it is this one, or that all of it matches a pattern of RE2. */
export type Wanted = { readonly is: string } | { readonly matches: string };

/** Far longer than any pattern for the address of a workflow. */
const MAX_PATTERN = 2000;

/** What is wrong with a pattern, for who wrote it; nothing for none. */
export function patternProblem(pattern: string | undefined): string | undefined {
  if (pattern === undefined) return undefined;
  if (pattern.length > MAX_PATTERN) return `expected at most ${MAX_PATTERN} characters`;
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `expected a pattern of RE2: ${error.message}`;
  }
}

/** Whether a name is the one that is wanted, or all of it matches. */
export function fits(name: string, wanted: Wanted): boolean {
  return "is" in wanted ? name === wanted.is : RE2JS.compile(wanted.matches).testExact(name);
}

export function wantedInWords(wanted: Wanted): string {
  return "is" in wanted ? wanted.is : `a match of ${wanted.matches}`;
}
