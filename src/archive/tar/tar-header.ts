import { Header } from "tar/header";
import { DrayError } from "../../errors.ts";
import type { EntryKind } from "../archive.ts";

export const TAR_BLOCK = 512;

/** True if a tar may begin so: by the checksum of its first header. */
export function isTarHeader(head: Buffer): boolean {
  if (head.length < TAR_BLOCK) return false;
  try {
    return new Header(head).cksumValid;
  } catch {
    return false;
  }
}

/** Octal digits between blanks and NULs; base-256 begins with a byte beyond ASCII. */
const SIZE_FIELD = /^(?: *[0-7]+[ \0]*|[\x80-\xff][^]*)$/;

/** POSIX, and GNU's own, which uses the place of the prefix for something else. */
const MAGICS: ReadonlySet<string> = new Set(["ustar\x0000", "ustar  \0"]);

/**
 * Reads a header, and refuses what two readers could read differently. `start` is where it stands.
 * @throws DrayError `DRAY_ARCHIVE_DAMAGED`
 */
export function decodeHeader(block: Buffer, start: number): Header {
  const header = tryDecode(block, start);
  if (!header.cksumValid) throw damaged(start, "the checksum of a header is wrong");
  if (header.size === undefined || !SIZE_FIELD.test(block.toString("latin1", 124, 136))) {
    throw damaged(start, "an entry has no size");
  }
  // Some readers take the prefix for a part of the name whatever the header says it is.
  if (block[345] !== 0 && !MAGICS.has(block.toString("latin1", 257, 265))) {
    throw damaged(start, "a header of an unknown kind has a prefix");
  }
  return header;
}

function tryDecode(block: Buffer, start: number): Header {
  try {
    return new Header(block);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw damaged(start, `a header cannot be read: ${reason}`);
  }
}

const KINDS: Readonly<Record<string, EntryKind>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "directory",
  Link: "link",
  SymbolicLink: "link",
  CharacterDevice: "device",
  BlockDevice: "device",
  FIFO: "device",
};

export function kindOf({ type }: Header): EntryKind {
  return KINDS[type] ?? "other";
}

/** What is wrong with a tar, and where. */
export function damaged(position: number, reason: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_DAMAGED",
    `Cannot read the archive at byte ${position} of the tar: ${reason}`,
    { kind: "refused" },
  );
}
