import { foldedPath } from "./entry-path.ts";

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
