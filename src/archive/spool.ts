import type { Archive } from "./archive.ts";
import { plainArchive } from "./tar/tar-archive.ts";
import { writeWorkFile, type WorkOptions } from "./work-file.ts";

/**
 * Makes a carrier that can only be read once readable at any place: its tar is written, without
 * compression, into a private file below `workDirectory`, which goes when the archive is closed.
 *
 * @throws DrayError `DRAY_DISK_FULL`, `DRAY_WORK_DIRECTORY_UNUSABLE`
 */
export async function spooled(archive: Archive, options: WorkOptions): Promise<Archive> {
  const { tar } = archive;
  if (archive.read !== undefined || tar === undefined) return archive;
  const { leastSize = 0 } = archive;
  const { range, close } = await writeWorkFile(tar, { ...options, leastSize });
  return {
    ...archive,
    ...plainArchive(range),
    tar: undefined,
    async close() {
      await close();
      await archive.close();
    },
  };
}
