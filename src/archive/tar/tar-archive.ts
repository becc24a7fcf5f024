import type { Carrier, StreamArchive, TarArchive } from "../archive.ts";
import { SeekCursor, StreamCursor } from "../cursor.ts";
import { memoryInTurn, newMemory, type FileRange } from "../file-range.ts";
import { HashPool } from "../hash-pool.ts";
import type { Wrapped } from "../wrapping.ts";
import type { SeekableTar } from "./seekable-tar.ts";
import { readTar } from "./tar-reader.ts";

/** A tar that lies in `range`, framed or as it is, as an archive. */
export function tarArchive(tar: SeekableTar, range: FileRange, carrier: Carrier): TarArchive {
  const pool = HashPool.for(range);
  return {
    ...carrier,
    kind: "tar",
    framing: tar.framing,
    isWholeFile: range.pieces !== undefined && range.start === 0,
    entries: ({ check }) => readTar(check ? tar.checkingCursor() : new SeekCursor(tar)),
    read: ({ position, size }, { reuse = false } = {}) =>
      tar.read(position, size, { check: true, memory: reuse ? memoryInTurn() : newMemory }),
    inPlace: async ({ position, size }) =>
      tar.framing === "plain" ? range.slice(position, size) : undefined,
    hash: (task, onRead) => pool?.hash({ ...task, check: tar.framing === "members" }, onRead),
    close: async () => pool?.close(),
  };
}

/** A tar that comes out of a compression as an archive. */
export function streamArchive({ stream, leastSize }: Wrapped, carrier: Carrier): StreamArchive {
  return {
    ...carrier,
    kind: "stream",
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
