declare const brand: unique symbol;

/** A relative path with `/`, checked by `entryPath`: safe to join to a directory. */
export type EntryPath = string & { readonly [brand]: "EntryPath" };

const MAX_PATH_BYTES = 1024;
const MAX_PATH_DEPTH = 32;

/**
 * The path that the name of an entry means, or why it is refused. A leading `./` and a trailing
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

/** Finds names that some file system cannot hold beside one another. */
export class DistinctNames {
  /** Files by folded name, as they are spelled. */
  readonly #files = new Map<string, string>();
  /** Folded names of everything that has something below it. */
  readonly #directories = new Set<string>();

  /** Takes a file's name in; says why that cannot be. */
  addFile(path: string): string | undefined {
    const folded = foldedPath(path);
    const other = this.#files.get(folded);
    if (other === path) return "there is another with the same name";
    if (other !== undefined) {
      return `there is another with a name that only differs in case from ${JSON.stringify(other)}`;
    }
    if (this.#directories.has(folded)) return "there is a directory of that name";
    const problem = this.#addParents(folded);
    if (problem === undefined) this.#files.set(folded, path);
    return problem;
  }

  /** Takes a directory's name in; says why that cannot be. */
  addDirectory(path: string): string | undefined {
    return this.#addParents(`${foldedPath(path)}/`);
  }

  #addParents(folded: string): string | undefined {
    const added: string[] = [];
    for (
      let slash = folded.lastIndexOf("/");
      slash > 0;
      slash = folded.lastIndexOf("/", slash - 1)
    ) {
      const parent = folded.slice(0, slash);
      const file = this.#files.get(parent);
      if (file !== undefined) return `${JSON.stringify(file)} is a file and cannot hold others`;
      // Where a directory is known, those above it are.
      if (this.#directories.has(parent)) break;
      added.push(parent);
    }
    for (const parent of added) this.#directories.add(parent);
    return undefined;
  }
}
