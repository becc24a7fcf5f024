import { DrayError } from "../../errors.ts";
import type { FileArchive } from "../archive.ts";
import type { FilePiece } from "../file-range.ts";
import { openArchive, type OpenArchiveOptions } from "../open-archive.ts";
import { explainPart } from "./explain-part.ts";

/** What is to be cut. */
export interface SplitSource {
  /** Of the whole, whether or not it is there. */
  readonly path: string;
  readonly pieces: readonly FilePiece[];
}

/**
 * Finds what is to be cut, once it is known to be a bundle, and all of it: a set that lacks its last
 * parts would be cut into one that looks whole.
 *
 * @throws DrayError of `openArchive`, `DRAY_PART_ALONE`, `DRAY_PART_MISSING`, `DRAY_ARCHIVE_TRUNCATED`
 */
export async function findSplitSource(
  path: string,
  options: OpenArchiveOptions,
): Promise<SplitSource> {
  const archive = await openArchive(path, { ...options, unwrap: false }).catch(
    async (error: unknown) => {
      throw await explainPart(error, path);
    },
  );
  try {
    if (archive.kind === "directory") throw isDirectory(path);
    await requireEnd(archive, path);
  } finally {
    await archive.close();
  }
  const { path: whole, size } = archive;
  return { path: whole, pieces: archive.parts?.pieces ?? [{ path: whole, size }] };
}

/** A list says how many parts there are. Where there is none, the archive does by where it ends. */
async function requireEnd(archive: FileArchive, path: string): Promise<void> {
  const { parts } = archive;
  // To find the end of another compression all of it has to be read.
  if (archive.kind === "stream" && parts === undefined) return;
  if (parts?.sums !== undefined) return;
  try {
    for await (const entry of archive.entries({ check: false })) void entry;
  } catch (error) {
    if (parts === undefined) throw error;
    if (parts.pieces.length > 1 && isCut(error)) throw lacksMore(path, parts.pieces.length, error);
    throw await explainPart(error, path, parts);
  }
}

function isCut(error: unknown): error is DrayError {
  return error instanceof DrayError && error.code === "DRAY_ARCHIVE_TRUNCATED";
}

function lacksMore(path: string, found: number, cause: DrayError): DrayError {
  return new DrayError(
    "DRAY_PART_MISSING",
    `Cannot split ${JSON.stringify(path)}: the bundle does not end with the ${found} parts that were found`,
    {
      kind: "refused",
      cause,
      hint: "Put the others beside them, or name the folders where they lie with --parts DIR.",
    },
  );
}

function isDirectory(path: string): DrayError {
  return new DrayError(
    "DRAY_USAGE",
    `Cannot split ${JSON.stringify(path)}: expected a file, found a directory`,
    { kind: "usage", hint: "Name the file that `dray pack` wrote." },
  );
}
