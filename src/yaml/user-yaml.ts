import type { DrayError } from "../errors.ts";

/** Nesting that no recipe has: the parser would go on to the end of the stack. */
const MAX_DEPTH = 100;

/**
 * Reads YAML that a user wrote. Every scalar stays text as it is written: a version 1.10 is not the
 * number 1.1. `fail` makes the error of a reason.
 */
export async function readYaml(
  text: string,
  fail: (reason: string, cause?: unknown) => DrayError,
): Promise<unknown> {
  if (isDeep(text)) throw fail(`it is nested deeper than ${MAX_DEPTH} levels`);
  const { parseDocument } = await import("yaml");
  try {
    const document = parseDocument(text, { schema: "failsafe", logLevel: "error" });
    const [syntax] = document.errors;
    // Aliases are only followed here, and may lead nowhere or round and round.
    return syntax === undefined ? document.toJS() : reject(syntax);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fail(reason.split("\n")[0] ?? "", cause);
  }
}

function reject(error: Error): never {
  throw error;
}

/** Flow collections by their brackets; block collections by how far a line is indented. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === "[" || bracket === "{" ? depth + 1 : Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return true;
  }
  return new RegExp(`^[ ?-]{${4 * MAX_DEPTH}}`, "m").test(text);
}
