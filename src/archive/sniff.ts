import { DrayError } from "../errors.ts";
import type { KnownFile } from "./known-file.ts";
import { isTarHeader } from "./tar/tar-header.ts";

export type ArchiveKind = "gzip" | "zstd" | "xz" | "bzip2" | "7z" | "zip" | "tar";

const MAGICS: readonly (readonly [ArchiveKind, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["7z", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ["zip", [0x50, 0x4b, 3, 4]],
  // Empty, and in several parts.
  ["zip", [0x50, 0x4b, 5, 6]],
  ["zip", [0x50, 0x4b, 7, 8]],
];

/** Finds out by its first bytes whether something is an archive, and of which kind. */
export function sniff(head: Buffer): ArchiveKind | undefined {
  const known = MAGICS.find(([, magic]) => magic.every((byte, index) => head[index] === byte));
  return known?.[0] ?? (isTarHeader(head) ? "tar" : undefined);
}

/**
 * Says what was found where an archive was expected that can be read; `file` is its path, or a word
 * that stands for it.
 */
export function notReadable(
  { what, file }: { what: string; file: string },
  head: Buffer,
  known: KnownFile | undefined,
): DrayError {
  const found = known?.name ?? (head.length === 0 ? "an empty file" : "something else");
  return new DrayError(
    known?.isArchive === true ? "DRAY_ARCHIVE_UNSUPPORTED" : "DRAY_ARCHIVE_UNKNOWN",
    `Cannot open ${what}: expected a bundle (tar, gzip, zstd or zip), found ${found}`,
    {
      kind: "refused",
      hint: known?.hint(file) ?? "Check that it is the right file, and copy it again.",
    },
  );
}
