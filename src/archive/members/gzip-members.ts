/**
 * The gzip framing of a bundle: RFC 1952 members of stored DEFLATE blocks, all of one size but the
 * last, so that every byte of the tar has a place in the file that can be computed. Any gunzip reads
 * it; only `dray` knows where to seek. docs/bundle-format.md describes it.
 */

/** Largest stored DEFLATE block (RFC 1951 §3.2.4). */
export const BLOCK_PAYLOAD = 65_535;
export const BLOCK_HEADER = 5;
export const BLOCK_BYTES = BLOCK_HEADER + BLOCK_PAYLOAD;

/** Fixed gzip header, extra-field length, and one extra subfield `dr` of 12 bytes. */
export const MEMBER_HEADER = 28;
/** CRC-32 and length. */
export const MEMBER_TRAILER = 8;

const BLOCKS_PER_MEMBER = 64;
/** Bytes of tar in every member but the last. */
export const MEMBER_PAYLOAD = BLOCKS_PER_MEMBER * BLOCK_PAYLOAD;
/** Bytes of file that a full member takes. */
export const MEMBER_BYTES = memberBytes(MEMBER_PAYLOAD);

/** ID1 ID2 CM FLG=FEXTRA MTIME=0 XFL=0 OS=unknown XLEN=16, then the subfield's id and length. */
const HEADER_START = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 16, 0, 0x64, 0x72, 12, 0]);

export interface MemberHeader {
  /** Bytes of tar in this member. */
  readonly payload: number;
  readonly number: number;
}

/** Bytes of file that a member with `payload` bytes of tar takes. */
export function memberBytes(payload: number): number {
  return MEMBER_HEADER + payload + blocksIn(payload) * BLOCK_HEADER + MEMBER_TRAILER;
}

export function blocksIn(payload: number): number {
  return Math.ceil(payload / BLOCK_PAYLOAD);
}

/** Where a byte of the tar stands in the file. */
export function placeInFile(byte: number): number {
  const member = Math.floor(byte / MEMBER_PAYLOAD);
  const inMember = byte - member * MEMBER_PAYLOAD;
  const block = Math.floor(inMember / BLOCK_PAYLOAD);
  return member * MEMBER_BYTES + MEMBER_HEADER + inMember + (block + 1) * BLOCK_HEADER;
}

export function writeMemberHeader(target: Buffer, { payload, number }: MemberHeader): void {
  HEADER_START.copy(target, 0);
  target.writeUInt32LE(payload, 16);
  target.writeBigUInt64LE(BigInt(number), 20);
}

/** The header at the start of `bytes`, or undefined if it is not one of this framing. */
export function readMemberHeader(bytes: Buffer): MemberHeader | undefined {
  if (bytes.length < MEMBER_HEADER) return undefined;
  if (HEADER_START.compare(bytes, 0, HEADER_START.length) !== 0) return undefined;
  return { payload: bytes.readUInt32LE(16), number: Number(bytes.readBigUInt64LE(20)) };
}

/** The first header of this framing anywhere in `bytes`, whole. */
export function findMemberHeader(bytes: Buffer): (MemberHeader & { offset: number }) | undefined {
  const offset = bytes.indexOf(HEADER_START);
  const header = offset === -1 ? undefined : readMemberHeader(bytes.subarray(offset));
  return header === undefined ? undefined : { ...header, offset };
}

/** bgzip, which uses the extra field too, shares 12 of these 16 bytes. */
const TELLING_BYTES = 13;

/** True for a header that was one of this framing before a few bytes of it changed. */
export function resemblesMemberHeader(bytes: Buffer): boolean {
  return HEADER_START.filter((byte, index) => byte === bytes[index]).length >= TELLING_BYTES;
}

export function writeBlockHeader(target: Buffer, length: number, final: boolean): void {
  target.writeUInt8(final ? 1 : 0, 0);
  target.writeUInt16LE(length, 1);
  target.writeUInt16LE(length ^ 0xffff, 3);
}

/** Bytes of file that a tar takes in this framing. */
export function framedSize(tarSize: number): number {
  const full = Math.floor(tarSize / MEMBER_PAYLOAD);
  const rest = tarSize - full * MEMBER_PAYLOAD;
  return full * MEMBER_BYTES + (rest === 0 ? 0 : memberBytes(rest));
}
