import { createWriteStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { DrayError, isDiskFull } from "../errors.ts";
import type { Archive } from "./archive.ts";
import { seekable } from "./open-archive.ts";
import { PlainTar } from "./seekable-tar.ts";

/**
 * Makes a carrier that can only be read once readable at any place: its tar is written, without
 * compression, into a private directory below `workDirectory`, which goes when the archive is closed.
 *
 * @throws DrayError `DRAY_DISK_FULL`
 */
export async function spooled(
  archive: Archive,
  { workDirectory, signal }: { workDirectory: string; signal?: AbortSignal | undefined },
): Promise<Archive> {
  if (archive.read !== undefined || archive.tar === undefined) return archive;
  const directory = await mkdtemp(join(workDirectory, "dray-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const path = join(directory, "carrier.tar");
    const sink = createWriteStream(path, { flags: "wx", mode: 0o600, highWaterMark: 1024 * 1024 });
    await pipeline(archive.tar(), sink, { signal });
    await archive.close();
    const file = await open(path, "r");
    const { size } = await file.stat();
    const carrier = seekable(new PlainTar(file, size), { path, file });
    return {
      ...archive,
      ...carrier,
      async close() {
        await carrier.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw diskFull(error, workDirectory) ?? error;
  }
}

function diskFull(cause: unknown, workDirectory: string): DrayError | undefined {
  if (!isDiskFull(cause)) return undefined;
  return new DrayError(
    "DRAY_DISK_FULL",
    `Cannot decompress the bundle in ${JSON.stringify(workDirectory)}: the disk is full`,
    { cause, hint: "Name a larger place with --work-dir, or use the bundle as it was written." },
  );
}
