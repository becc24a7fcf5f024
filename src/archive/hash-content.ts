import { createHash } from "node:crypto";
import type { HashTask } from "./archive.ts";
import type { SeekableTar } from "./tar/seekable-tar.ts";

/** Hexadecimal digests of a stretch of a tar, whose carrier is checked on the way. */
export async function hashContent(
  tar: SeekableTar,
  { position, size, algorithms }: HashTask,
): Promise<string[]> {
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  for await (const piece of tar.read(position, size, { check: true, reuse: true })) {
    for (const hash of hashes) hash.update(piece);
  }
  return hashes.map((hash) => hash.digest("hex"));
}
