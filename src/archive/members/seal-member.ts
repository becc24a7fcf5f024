import { crc32 } from "node:zlib";
import {
  BLOCK_BYTES,
  BLOCK_HEADER,
  BLOCK_PAYLOAD,
  blocksIn,
  MEMBER_HEADER,
  MEMBER_TRAILER,
  memberBytes,
  writeBlockHeader,
  writeMemberHeader,
} from "./gzip-members.ts";

/** A member whose payload is in its place and whose headers and checksum are not written yet. */
export interface FilledMember {
  /** Of `MEMBER_BYTES`. */
  readonly buffer: Buffer;
  /** Bytes of tar in it. */
  readonly payload: number;
  readonly number: number;
}

/** Writes the headers and the checksum of a member. */
export function sealMember({ buffer, payload, number }: FilledMember): Buffer {
  const blocks = blocksIn(payload);
  let crc = 0;
  writeMemberHeader(buffer, { payload, number });
  for (let block = 0; block < blocks; block++) {
    const length = Math.min(BLOCK_PAYLOAD, payload - block * BLOCK_PAYLOAD);
    const start = MEMBER_HEADER + block * BLOCK_BYTES;
    writeBlockHeader(buffer.subarray(start), length, block === blocks - 1);
    crc = crc32(buffer.subarray(start + BLOCK_HEADER, start + BLOCK_HEADER + length), crc);
  }
  const bytes = buffer.subarray(0, memberBytes(payload));
  bytes.writeUInt32LE(crc, bytes.length - MEMBER_TRAILER);
  bytes.writeUInt32LE(payload, bytes.length - MEMBER_TRAILER + 4);
  return bytes;
}
