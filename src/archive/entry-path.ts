declare const brand: unique symbol;

/** A relative path with `/`, checked by `entryPath`: safe to join to a directory. */
export type EntryPath = string & { readonly [brand]: "EntryPath" };

const MAX_PATH_BYTES = 1024;
const MAX_PATH_DEPTH = 32;

/**
 * The path that an archive member's name means, or why it is refused. A leading `./` and a trailing
 * `/` are taken off; the empty path is the root itself.
 */
export function entryPath(name: string): { path: EntryPath } | { problem: string } {
  const plain = name.replace(/^(?:\.\/)+/, "").replace(/\/$/, "");
  if (plain === "" || plain === ".") return { path: "" as EntryPath };
  const problem = pathProblem(plain);
  return problem === undefined ? { path: plain as EntryPath } : { problem };
}

function pathProblem(path: string): string | undefined {
  const parts = path.split("/");
  if (path.startsWith("/")) return "it is absolute";
  if (parts.includes("..")) return 'it has ".." in it';
  if (parts.includes("") || parts.includes(".")) return "it is not in its plainest form";
  if (path.includes("\\")) return "it has a backslash in it";
  if (/^[A-Za-z]:/.test(path)) return "it begins with a drive letter";
  if (/\p{Cc}|\ufffd/u.test(path)) return "it has control characters or broken UTF-8 in it";
  if (path.normalize("NFC") !== path) return "its characters are not in normal form NFC";
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`;
  if (parts.length > MAX_PATH_DEPTH) return `it is deeper than ${MAX_PATH_DEPTH} directories`;
  return undefined;
}

/** Equal for names that one file system or another would take for the same. */
export function foldedPath(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase();
}
