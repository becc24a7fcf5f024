import type { Archive } from "../archive/archive.ts";
import { SeekCursor } from "../archive/cursor.ts";
import type { SeekableTar } from "../archive/seekable-tar.ts";
import { readTar } from "../archive/tar-reader.ts";
import { DrayError } from "../errors.ts";
import type { ForeignFile } from "./file-tree.ts";

/** A tar inside an archive, read where it lies: what is at some place of it is so much further on. */
export function innerArchive(file: ForeignFile): Archive {
  const tar: SeekableTar = {
    size: file.size,
    read: (offset, length) => file.read({ offset, length }),
    checkingCursor: () => new SeekCursor(tar),
  };
  return {
    path: file.path,
    form: "tar",
    size: file.size,
    entries: () => readTar(new SeekCursor(tar)),
    read: ({ position, size }) => file.read({ offset: position, length: size }),
    close: async () => {},
  };
}

/** True for a tar that can be read where it lies: it has a member. */
export async function isInnerTar(file: ForeignFile): Promise<boolean> {
  if (!file.isSeekable) return false;
  try {
    const members = innerArchive(file).entries({ check: false })[Symbol.asyncIterator]();
    return (await members.next()).done !== true;
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  }
}
