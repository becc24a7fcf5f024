import { Header } from "tar/header";
import { DrayError } from "../../errors.ts";

export const TAR_BLOCK = 512;

/** What a header block says, before PAX and GNU headers add to it. */
export interface TarHeader {
  /** With its prefix. The field is cut at 100 bytes where a longer name stands elsewhere. */
  readonly name: string;
  /** The type flag, one character. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 */
  readonly type: string;
  /** As the field states it, whatever the type makes of it. */
  readonly size: number;
  /** Where a link leads, cut as the name is. */
  readonly linkName: string;
  /** The map of GNU's old sparse files goes on in blocks of its own. */
  readonly hasMoreSparse: boolean;
}

/** Where POSIX and GNU put what is read here as it stands: offset and length. */
const FIELDS = {
  name: [0, 100],
  size: [124, 12],
  checksum: [148, 8],
  linkName: [157, 100],
  magic: [257, 6],
  prefix: [345, 155],
} as const;
const TYPE_AT = 156;
const MORE_SPARSE_AT = 482;

/** POSIX, and GNU's own, which has times and a sparse map at the place of the prefix. */
const POSIX_MAGIC = "ustar\0";
const GNU_MAGIC = "ustar ";

/** True if a tar may begin so: by the checksum of its first header. */
export function isTarHeader(head: Buffer): boolean {
  if (head.length < TAR_BLOCK) return false;
  try {
    return hasChecksum(head, parsed(head));
  } catch {
    return false;
  }
}

/**
 * Reads a header as tar programs do, and refuses what two of them read differently. `start` is where
 * it stands.
 *
 * @throws DrayError `DRAY_ARCHIVE_DAMAGED`
 */
export function decodeHeader(block: Buffer, start: number): TarHeader {
  const header = tryParse(block, start);
  if (!hasChecksum(block, header)) throw damaged(start, "the checksum of a header is wrong");
  const size = sizeIn(block, header);
  if (size === undefined) throw damaged(start, "an entry has no size");
  const name = textIn(field(block, "name"));
  const prefix = prefixOf(block, start);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    type: String.fromCharCode(block.readUInt8(TYPE_AT)),
    size,
    linkName: textIn(field(block, "linkName")),
    hasMoreSparse: block.readUInt8(MORE_SPARSE_AT) !== 0,
  };
}

/**
 * The name is given from outside, because the package takes what ends in a slash for a directory
 * without content, and the field may be cut right behind a slash.
 */
function parsed(block: Buffer): Header {
  return new Header(block, 0, { path: "name" });
}

function tryParse(block: Buffer, start: number): Header {
  try {
    return parsed(block);
  } catch {
    throw damaged(start, "a number in a header is none, or beyond all counting");
  }
}

function field(block: Buffer, name: keyof typeof FIELDS): Buffer {
  const [offset, length] = FIELDS[name];
  return block.subarray(offset, offset + length);
}

/** Up to the first NUL. */
function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}

/** Octal digits between blanks and NULs, or base-256 behind a byte of 0x80. */
const SIZE = /^(?: *[0-7]+[ \0]*|\x80[^]*)$/;

/** Nothing but NULs is 0, as GNU tar writes it for volume labels. */
function sizeIn(block: Buffer, { size }: Header): number | undefined {
  const bytes = field(block, "size");
  if (isZero(bytes)) return 0;
  return SIZE.test(bytes.toString("latin1")) ? size : undefined;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** GNU's times of access and change: numbers, at the place of the prefix. */
const NUMBER = /^(?: *[0-7]+[ \0]|[\x80\xff])/;

/** What stands before the name; some readers take it for that whatever the header says it is. */
function prefixOf(block: Buffer, start: number): string {
  const bytes = field(block, "prefix");
  const magic = field(block, "magic").toString("latin1");
  if (magic === POSIX_MAGIC) return textIn(bytes);
  if (bytes[0] === 0) return "";
  if (magic === GNU_MAGIC && NUMBER.test(bytes.toString("latin1", 0, 12))) return "";
  throw damaged(start, "a header of an unknown kind has a prefix");
}

/** Old programs count bytes as signed, which the package does not know. */
function hasChecksum(block: Buffer, header: Header): boolean {
  if (header.cksumValid) return true;
  const [offset, length] = FIELDS.checksum;
  let sum = length * 0x20;
  for (let at = 0; at < TAR_BLOCK; at++) {
    if (at === offset) at += length;
    const byte = block[at] ?? 0;
    sum += byte < 0x80 ? byte : byte - 0x100;
  }
  return sum === header.cksum;
}

/** What is wrong with a tar, and where. */
export function damaged(position: number, reason: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_DAMAGED",
    `Cannot read the archive at byte ${position} of the tar: ${reason}`,
    { kind: "refused" },
  );
}
