import { crc32 } from "node:zlib";
import type { Bytes } from "../content/content.ts";
import {
  BLOCK_HEADER,
  BLOCK_PAYLOAD,
  blocksIn,
  MEMBER_BYTES,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
  MEMBER_TRAILER,
  memberBytes,
  writeBlockHeader,
  writeMemberHeader,
} from "./gzip-members.ts";

/**
 * Frames a tar as stored gzip members. The two buffers, of `MEMBER_BYTES` each, take turns: a
 * yielded member is valid until the next but one is asked for, so that one is written while the
 * other fills.
 */
export async function* frame(
  tar: Bytes,
  buffers: readonly [Buffer, Buffer] = [Buffer.alloc(MEMBER_BYTES), Buffer.alloc(MEMBER_BYTES)],
): AsyncGenerator<Buffer, void, undefined> {
  let number = 0;
  let member = new Member(buffers[0]);
  for await (const chunk of tar) {
    for (let taken = 0; taken < chunk.length;) {
      if (member.isFull) {
        yield member.close(number++);
        member = new Member(buffers[(number % 2) as 0 | 1]);
      }
      taken += member.add(chunk, taken);
    }
  }
  if (member.payload > 0) yield member.close(number);
}

/** One member while it fills: payload goes straight to its final place. */
class Member {
  readonly #buffer: Buffer;
  payload = 0;
  #crc = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get isFull(): boolean {
    return this.payload === MEMBER_PAYLOAD;
  }

  /** Takes bytes of `chunk` from `from` on, as many as fit in the present block. */
  add(chunk: Uint8Array, from: number): number {
    const inBlock = this.payload % BLOCK_PAYLOAD;
    const count = Math.min(BLOCK_PAYLOAD - inBlock, chunk.length - from);
    const piece = chunk.subarray(from, from + count);
    const block = (this.payload - inBlock) / BLOCK_PAYLOAD;
    this.#buffer.set(piece, blockStart(block) + BLOCK_HEADER + inBlock);
    this.#crc = crc32(piece, this.#crc);
    this.payload += count;
    return count;
  }

  close(number: number): Buffer {
    const blocks = blocksIn(this.payload);
    writeMemberHeader(this.#buffer, { payload: this.payload, number });
    for (let block = 0; block < blocks; block++) {
      const length = Math.min(BLOCK_PAYLOAD, this.payload - block * BLOCK_PAYLOAD);
      writeBlockHeader(this.#buffer.subarray(blockStart(block)), length, block === blocks - 1);
    }
    const bytes = this.#buffer.subarray(0, memberBytes(this.payload));
    bytes.writeUInt32LE(this.#crc, bytes.length - MEMBER_TRAILER);
    bytes.writeUInt32LE(this.payload, bytes.length - MEMBER_TRAILER + 4);
    return bytes;
  }
}

function blockStart(block: number): number {
  return MEMBER_HEADER + block * (BLOCK_HEADER + BLOCK_PAYLOAD);
}
