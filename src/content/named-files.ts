import { access, constants } from "node:fs/promises";
import { DrayError, unreadable } from "../errors.ts";
import { inWords, placeOf, type Places } from "../oci/problems.ts";

/** A file that a document names. */
export interface NamedFile {
  readonly path: string;
  /** Where the document names it. */
  readonly at: readonly PropertyKey[];
}

/**
 * Looks whether the files that a document names can be read, before any work is done for it.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, with line and column of every one that cannot
 */
export async function requireNamedFiles(
  document: { readonly path: string; readonly places: Places },
  files: readonly NamedFile[],
): Promise<void> {
  const problems: string[] = [];
  for (const { path, at } of files) {
    try {
      await access(path, constants.R_OK);
    } catch (cause) {
      const error = unreadable(cause, "file", path);
      if (error === undefined) throw cause;
      problems.push(
        `${placeOf(at, document.places)}${inWords(at)}${error.message.replace("C", "c")}`,
      );
    }
  }
  if (problems.length === 0) return;
  throw new DrayError(
    "DRAY_FILE_NOT_FOUND",
    `Cannot use ${JSON.stringify(document.path)}: ${problems.join("\n  ")}`,
    { kind: "usage", hint: "Paths in it count from the directory that it lies in." },
  );
}
