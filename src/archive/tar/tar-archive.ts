import type { Archive } from "../archive.ts";
import { SeekCursor, StreamCursor } from "../cursor.ts";
import type { FileRange } from "../file-range.ts";
import { HashPool } from "../hash-pool.ts";
import type { Layer } from "../wrapping.ts";
import { PlainTar, type SeekableTar } from "./seekable-tar.ts";
import { readTar } from "./tar-reader.ts";

type Contents = Omit<Archive, "path" | "form" | "size">;

/** How a tar that lies in a file as it is serves as an archive. */
export function plainArchive(range: FileRange): Contents {
  return {
    ...seekableArchive(new PlainTar(range), range),
    inPlace: async ({ position, size }) => range.slice(position, size),
  };
}

/** How a tar that can be read at any place serves as an archive. */
export function seekableArchive(tar: SeekableTar, range: FileRange): Contents {
  const pool = HashPool.for(range);
  return {
    entries: ({ check }) => readTar(check ? tar.checkingCursor() : new SeekCursor(tar)),
    read: ({ position, size }) => tar.read(position, size),
    hash: pool === undefined ? undefined : (task) => pool.hash(task),
    close: async () => pool?.close(),
  };
}

/** How a tar that comes out of a compression serves as an archive. */
export function streamedArchive({ stream, leastSize }: Layer): Contents {
  return {
    read: undefined,
    tar: stream,
    leastSize,
    async *entries() {
      const cursor = new StreamCursor(stream());
      try {
        yield* readTar(cursor);
      } finally {
        await cursor.close();
      }
    },
    close: async () => {},
  };
}
