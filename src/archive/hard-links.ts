import type { RawEntry } from "./archive.ts";
import { entryPath, type EntryPath } from "./entry-path.ts";

/** Second names of files in a tar. Each becomes an entry with the content of the first. */
export class HardLinks<E extends { readonly path: EntryPath }> {
  readonly #entries: Map<string, E>;
  /** Second names, and the first of each. */
  readonly #links = new Map<EntryPath, EntryPath>();

  constructor(entries: Map<string, E>) {
    this.#entries = entries;
  }

  /** The file that a link gives a second name to, if it stands before it. */
  firstNameOf({ sameAs }: RawEntry): EntryPath | undefined {
    const checked = sameAs === undefined ? undefined : entryPath(sameAs);
    const first = checked !== undefined && "path" in checked ? checked.path : undefined;
    return first !== undefined && this.#entries.has(first) ? first : undefined;
  }

  add(path: EntryPath, first: EntryPath): E | undefined {
    this.#links.set(path, first);
    return this.#take(path, first);
  }

  /** When all first names have their digests, so have the second ones. */
  settle(): void {
    for (const [path, first] of this.#links) this.#take(path, first);
  }

  #take(path: EntryPath, first: EntryPath): E | undefined {
    const entry = this.#entries.get(first);
    if (entry === undefined) return undefined;
    const link = { ...entry, path };
    this.#entries.set(path, link);
    return link;
  }
}
