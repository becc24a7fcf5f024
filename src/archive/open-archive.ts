import type { Stats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DrayError, unreadable } from "../errors.ts";
import type { Archive, FileArchive } from "./archive.ts";
import { openDirectory } from "./directory.ts";
import { FileRange, type FilePiece, type Readable } from "./file-range.ts";
import { openWrapped } from "./open-wrapped.ts";
import { loneArchive, nestedIn } from "./lone-archive.ts";
import { explainPart } from "./parts/explain-part.ts";
import { findParts } from "./parts/find-parts.ts";
import type { PartSet } from "./parts/part-set.ts";
import { openPieces, sizeOf } from "./parts/several-files.ts";

export interface OpenArchiveOptions {
  /**
   * For what has to be written down before it can be read: a zip that comes out of a compression.
   * @default the system's temporary directory
   */
  readonly workDirectory?: string | undefined;
  /** Open what an archive holds, if that is one archive and nothing else. @default true */
  readonly unwrap?: boolean | undefined;
  /** Folders in which further parts of what is named lie, where it was cut into several. */
  readonly parts?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens whatever carries entries; the content says what it is, never the name. Where it holds nothing
 * but one archive, that is what is opened; where it was cut into parts, all of them as one.
 *
 * @throws DrayError `DRAY_PART_MISSING`, `DRAY_PART_MISPLACED`, `DRAY_PARTS_MIXED`, `DRAY_FILE_NOT_FOUND`, `DRAY_ARCHIVE_UNKNOWN`, `DRAY_ARCHIVE_UNSUPPORTED`,
 * `DRAY_ARCHIVE_AMBIGUOUS`, `DRAY_ARCHIVE_TOO_LARGE`, `DRAY_FRAMING_DAMAGED`, `DRAY_GZIP_DAMAGED`,
 * `DRAY_ZSTD_DAMAGED`, `DRAY_ZIP_DAMAGED`
 */
export async function openArchive(
  given: string,
  options: OpenArchiveOptions = {},
): Promise<Archive> {
  const meant = await findParts(given, options.parts ?? []);
  if (typeof meant !== "string") return openParts(meant, options);
  const found = await statCarrier(meant);
  if (found.isDirectory()) return openFolder(meant, options);
  if (!found.isFile()) throw noFile(meant);
  const file = await openFile(meant);
  const { size } = await file.stat();
  return openFileOf(file, { pieces: [{ path: meant, size }], path: meant }, options);
}

async function openParts(set: PartSet, options: OpenArchiveOptions): Promise<Archive> {
  const { path, pieces, notes } = set;
  const file = await openPieces(pieces);
  const archive = await openFileOf(file, { pieces, path }, options).catch(
    async (error: unknown) => {
      throw await explainPart(error, path, set);
    },
  );
  const forms = [pieces.length === 1 ? "1 part" : `${pieces.length} parts`, ...archive.forms];
  return { ...archive, parts: set, forms, notes: [...notes, ...archive.notes] };
}

/** Opens what lies in a file, or in several as one, which is closed with it. */
async function openFileOf(
  file: Readable & { close(): Promise<void> },
  { pieces, path }: { pieces: readonly FilePiece[]; path: string },
  { workDirectory = tmpdir(), unwrap, signal }: OpenArchiveOptions,
): Promise<FileArchive> {
  try {
    const range = new FileRange(file, { pieces, size: sizeOf(pieces) });
    const archive = await openWrapped(range, { path, workDirectory, unwrap, signal });
    return {
      ...archive,
      async close() {
        await archive.close();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFolder(path: string, options: OpenArchiveOptions): Promise<Archive> {
  const directory = openDirectory(path);
  const lone = await loneArchive(directory);
  if (lone === undefined) return directory;
  const inner = await openArchive(join(path, lone.name), options);
  return {
    ...inner,
    forms: [...directory.forms, ...inner.forms],
    notes: [nestedIn(path, lone.name), ...inner.notes],
  };
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw unreadable(cause, "bundle", path) ?? cause;
  }
}

async function statCarrier(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    if (path === "-") throw noInput();
    throw unreadable(cause, "bundle", path) ?? cause;
  }
}

function noInput(): DrayError {
  return new DrayError(
    "DRAY_FILE_NOT_FOUND",
    "Cannot read a bundle from standard input: it is read at many places",
    { kind: "usage", hint: "Write it to a file first, and name that." },
  );
}

function noFile(path: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_UNKNOWN",
    `Cannot open ${JSON.stringify(path)}: expected a file or directory, found a pipe or device`,
    { kind: "refused", hint: "A bundle is read at many places: write it to a file first." },
  );
}
