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

/** Where POSIX and GNU put what is read here: offset and length. */
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
  return head.length >= TAR_BLOCK && hasChecksum(head);
}

/**
 * Reads a header as tar programs do, and refuses what two of them read differently. `start` is where
 * it stands.
 *
 * @throws DrayError `DRAY_ARCHIVE_DAMAGED`
 */
export function decodeHeader(block: Buffer, start: number): TarHeader {
  if (!hasChecksum(block)) throw damaged(start, "the checksum of a header is wrong");
  const size = sizeIn(field(block, "size"));
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

function field(block: Buffer, name: keyof typeof FIELDS): Buffer {
  const [offset, length] = FIELDS[name];
  return block.subarray(offset, offset + length);
}

/** Up to the first NUL. */
function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}

/**
 * Octal digits between blanks and NULs, or base-256 behind a byte of 0x80. Nothing but NULs is 0, as
 * GNU tar writes it for volume labels.
 */
function sizeIn(bytes: Buffer): number | undefined {
  if (bytes[0] === 0x80) {
    const value = bytes.readBigUInt64BE(4);
    const isSafe = value <= Number.MAX_SAFE_INTEGER && isZero(bytes.subarray(1, 4));
    return isSafe ? Number(value) : undefined;
  }
  if (isZero(bytes)) return 0;
  const [, digits] = /^ *([0-7]+)[ \0]*$/.exec(bytes.toString("latin1")) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
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

/** The sum counts its own field as blanks; old programs count bytes as signed. */
function hasChecksum(block: Buffer): boolean {
  const [offset, length] = FIELDS.checksum;
  const [, digits] = /^ *([0-7]+)/.exec(field(block, "checksum").toString("latin1")) ?? [];
  if (digits === undefined) return false;
  let unsigned = length * 0x20;
  let signed = unsigned;
  for (let at = 0; at < TAR_BLOCK; at++) {
    if (at === offset) at += length;
    const byte = block[at] ?? 0;
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  const stated = Number.parseInt(digits, 8);
  return stated === unsigned || stated === signed;
}

/** What is wrong with a tar, and where. */
export function damaged(position: number, reason: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_DAMAGED",
    `Cannot read the archive at byte ${position} of the tar: ${reason}`,
    { kind: "refused" },
  );
}
