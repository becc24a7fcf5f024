import { crc32 } from "node:zlib";
import type { Bytes } from "../../content/content.ts";
import {
  BLOCK_HEADER,
  BLOCK_PAYLOAD,
  blocksIn,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
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

/** Lays a tar out as members, in buffers that `take` gives: the first half of framing it. */
export async function* fillMembers(
  tar: Bytes,
  take: () => Promise<Buffer>,
): AsyncGenerator<FilledMember, void, undefined> {
  let number = 0;
  let member: Member | undefined;
  for await (const chunk of tar) {
    for (let taken = 0; taken < chunk.length;) {
      member ??= new Member(await take());
      taken += member.add(chunk, taken);
      if (member.payload < MEMBER_PAYLOAD) continue;
      yield { buffer: member.buffer, payload: member.payload, number: number++ };
      member = undefined;
    }
  }
  if (member !== undefined) yield { buffer: member.buffer, payload: member.payload, number };
}

/** Writes the headers and the checksum of a member: the second half, which any thread can do. */
export function sealMember({ buffer, payload, number }: FilledMember): Buffer {
  const blocks = blocksIn(payload);
  let crc = 0;
  writeMemberHeader(buffer, { payload, number });
  for (let block = 0; block < blocks; block++) {
    const length = Math.min(BLOCK_PAYLOAD, payload - block * BLOCK_PAYLOAD);
    const start = blockStart(block);
    writeBlockHeader(buffer.subarray(start), length, block === blocks - 1);
    crc = crc32(buffer.subarray(start + BLOCK_HEADER, start + BLOCK_HEADER + length), crc);
  }
  const bytes = buffer.subarray(0, memberBytes(payload));
  bytes.writeUInt32LE(crc, bytes.length - MEMBER_TRAILER);
  bytes.writeUInt32LE(payload, bytes.length - MEMBER_TRAILER + 4);
  return bytes;
}

/** One member while it fills: payload goes straight to its final place. */
class Member {
  readonly buffer: Buffer;
  payload = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  /** Takes bytes of `chunk` from `from` on, as many as fit in the present block. */
  add(chunk: Uint8Array, from: number): number {
    const inBlock = this.payload % BLOCK_PAYLOAD;
    const count = Math.min(BLOCK_PAYLOAD - inBlock, chunk.length - from);
    const block = (this.payload - inBlock) / BLOCK_PAYLOAD;
    const place = blockStart(block) + BLOCK_HEADER + inBlock;
    this.buffer.set(chunk.subarray(from, from + count), place);
    this.payload += count;
    return count;
  }
}

function blockStart(block: number): number {
  return MEMBER_HEADER + block * (BLOCK_HEADER + BLOCK_PAYLOAD);
}
