import { mkdtemp, open, rm, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../content/content.ts";
import { requireSpace } from "../content/disk-space.ts";
import { diskFull, DrayError, isDiskFull, systemReason } from "../errors.ts";
import type { Archive, SeekableArchive } from "./archive.ts";
import { FileRange } from "./file-range.ts";
import { PlainTar } from "./tar/seekable-tar.ts";
import { tarArchive } from "./tar/tar-archive.ts";

export interface WorkOptions {
  readonly workDirectory: string;
  readonly signal?: AbortSignal | undefined;
}

/** What was written to be read at any place. */
export interface WorkFile {
  readonly range: FileRange;
  readonly close: () => Promise<void>;
}

/**
 * Makes an archive that can only be read once readable at any place: its tar is written, without
 * compression, into a private file below `workDirectory`, which goes when the archive is closed.
 *
 * @throws DrayError `DRAY_DISK_FULL`, `DRAY_WORK_DIRECTORY_UNUSABLE`
 */
export async function spooled(archive: Archive, options: WorkOptions): Promise<SeekableArchive> {
  if (archive.kind !== "stream") return archive;
  const { path, forms, size, notes, parts, leastSize } = archive;
  const file = await writeWorkFile(() => archive.tar(), { ...options, leastSize });
  const tar = tarArchive(new PlainTar(file.range), file.range, { path, forms, size, notes, parts });
  return {
    ...tar,
    async close() {
      await tar.close();
      await file.close();
      await archive.close();
    },
  };
}

/**
 * Writes content of at least `leastSize` bytes into a private file below `workDirectory`. Where the
 * system can do that the file has no name any more before its first byte is written: however the
 * program ends, nothing stays.
 *
 * @throws DrayError `DRAY_DISK_FULL`, `DRAY_WORK_DIRECTORY_UNUSABLE`
 */
export async function writeWorkFile(
  content: () => Bytes,
  { workDirectory, leastSize, signal }: WorkOptions & { leastSize: number },
): Promise<WorkFile> {
  const purpose = "decompressed archive";
  await requireSpace([{ path: workDirectory, bytes: leastSize, purpose }]);
  const { file, remove } = await openNameless(workDirectory);
  const close = async (): Promise<void> => {
    await file.close();
    await remove();
  };
  try {
    await writeFile(file, content(), { signal });
    const { size } = await file.stat();
    return { range: new FileRange(file, { pieces: undefined, size }), close };
  } catch (error) {
    await close();
    throw explained(error, workDirectory);
  }
}

async function openNameless(
  workDirectory: string,
): Promise<{ file: FileHandle; remove: () => Promise<void> }> {
  const directory = await makeDirectory(workDirectory);
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const file = await open(join(directory, "archive"), "wx+", 0o600);
    // Where an open file cannot lose its name, it goes when it is closed.
    await remove().catch(() => undefined);
    return { file, remove };
  } catch (error) {
    await remove();
    throw explained(error, workDirectory);
  }
}

async function makeDirectory(workDirectory: string): Promise<string> {
  try {
    return await mkdtemp(join(workDirectory, "dray-"));
  } catch (cause) {
    if (isDiskFull(cause)) throw explained(cause, workDirectory);
    throw new DrayError(
      "DRAY_WORK_DIRECTORY_UNUSABLE",
      `Cannot decompress in ${JSON.stringify(workDirectory)}: expected a directory to write into, and ${systemReason(cause) ?? String(cause)}`,
      { kind: "usage", cause, hint: "Name another place with --work-dir." },
    );
  }
}

/** A lack of room as an error that says where; everything else as it is. */
function explained(cause: unknown, workDirectory: string): unknown {
  const action = `decompress in ${JSON.stringify(workDirectory)}`;
  const hint = "Name a larger place with --work-dir, or use the bundle as it was written.";
  return diskFull(cause, action, hint) ?? cause;
}
