import { join } from "node:path";
import type { Archive, SeekableArchive } from "../archive/archive.ts";
import { openArchive } from "../archive/open-archive.ts";
import { openWrapped } from "../archive/open-wrapped.ts";
import type { Entry } from "../archive/scan.ts";
import { sniff } from "../archive/sniff.ts";
import { TAR_BLOCK } from "../archive/tar/tar-header.ts";
import { spooled, writeWorkFile, type WorkOptions } from "../archive/work-file.ts";
import { collect } from "../content/content.ts";
import type { ErrorCode } from "../codes.ts";
import { DrayError } from "../errors.ts";
import type { ForeignFile } from "./file-tree.ts";

/** What a file holds, if that is an archive; it can be read at any place until it is closed. */
export async function openInner(
  file: ForeignFile,
  options: WorkOptions,
): Promise<SeekableArchive | undefined> {
  const head = await collect(file.read({ length: Math.min(TAR_BLOCK, file.size) }));
  if (sniff(head) === undefined) return undefined;
  try {
    const archive = await file.open(options);
    return await spooledOrClosed(archive, options);
  } catch (error) {
    // A text that is compressed, or something in a compression that is not read.
    if (error instanceof DrayError && NO_ARCHIVE.has(error.code)) return undefined;
    throw error;
  }
}

const NO_ARCHIVE: ReadonlySet<ErrorCode> = new Set([
  "DRAY_ARCHIVE_UNKNOWN",
  "DRAY_ARCHIVE_UNSUPPORTED",
]);

/** As `spooled`; closes what cannot be. */
export async function spooledOrClosed(
  archive: Archive,
  options: WorkOptions,
): Promise<SeekableArchive> {
  try {
    return await spooled(archive, options);
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** Opens an entry of an archive: in place where it lies as it is, else out of a work file. */
export async function openEntry(
  { archive, entry, path }: { archive: SeekableArchive; entry: Entry; path: string },
  options: WorkOptions,
): Promise<Archive> {
  // One chart and nothing else is a chart, not an archive in an archive.
  const choices = { ...options, path, unwrap: false };
  if (archive.kind === "directory") return openArchive(join(archive.path, entry.path), choices);
  const lying = await archive.inPlace(entry);
  if (lying !== undefined) return openWrapped(lying, choices);
  const file = await writeWorkFile(() => archive.read(entry), {
    ...options,
    leastSize: entry.size,
  });
  try {
    const opened = await openWrapped(file.range, choices);
    return {
      ...opened,
      async close() {
        await opened.close();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
