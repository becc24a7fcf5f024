import { DrayError } from "../errors.ts";
import type { Archive, EntryPlace } from "./archive.ts";
import { entryPath, type EntryPath } from "./entry-path.ts";
import { isJunkName } from "./junk.ts";

/** A file, as its header tells of it. */
interface FilePlace extends EntryPlace {
  readonly path: EntryPath;
}

/**
 * The files of an archive of which parts are damaged, as far as headers can be read. Nothing is checked,
 * names may come twice: good to say what lies where, and for nothing else.
 */
export async function* filesByHeaders(
  archive: Archive,
): AsyncGenerator<FilePlace, void, undefined> {
  try {
    for await (const { name, kind, size, position } of archive.entries({ check: false })) {
      const checked = entryPath(name);
      if (kind !== "file" || "problem" in checked || isJunkName(name)) continue;
      yield { path: checked.path, size, position };
    }
  } catch (error) {
    if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
  }
}
