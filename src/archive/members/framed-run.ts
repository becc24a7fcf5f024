import {
  BLOCK_BYTES,
  BLOCK_HEADER,
  BLOCK_PAYLOAD,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
  placeInFile,
  writeBlockHeader,
  writeMemberHeader,
} from "./gzip-members.ts";

/** Blocks that are written at a time, at most: no run goes beyond a member. */
const BLOCKS_PER_RUN = 8;
const RUN_PAYLOAD = BLOCKS_PER_RUN * BLOCK_PAYLOAD;

/** Memory that a run is put together in. */
export const RUN_BYTES = MEMBER_HEADER + BLOCKS_PER_RUN * BLOCK_BYTES;

/** A place in a tar whose size is known. */
export interface TarPlace {
  /** In bytes of tar. */
  readonly offset: number;
  readonly tarSize: number;
}

/** Bytes of tar in a member. */
export function payloadOf(member: number, tarSize: number): number {
  return Math.min(MEMBER_PAYLOAD, tarSize - member * MEMBER_PAYLOAD);
}

/**
 * Bytes of a tar as they lie in the file, from one place on, put together in memory that is lent.
 * Whoever has the first byte of a block writes its header too, and that of the member where it is the
 * first of one: so pieces of a tar can be written in any order, and every byte of the file is written
 * by one of them, but for the checksum of each member.
 */
export class FramedRun {
  /** Where in the file it begins. */
  readonly place: number;
  readonly memory: Buffer;
  readonly #tarSize: number;
  readonly #end: number;
  #offset: number;
  #length = 0;

  /** `memory`: `RUN_BYTES` of it. */
  constructor({ offset, tarSize }: TarPlace, memory: Buffer) {
    const before = offset % BLOCK_PAYLOAD === 0 ? BLOCK_HEADER : 0;
    const isFirst = offset % MEMBER_PAYLOAD === 0;
    this.place = placeInFile(offset) - before - (isFirst ? MEMBER_HEADER : 0);
    this.memory = memory;
    this.#tarSize = tarSize;
    this.#offset = offset;
    this.#end = Math.min(tarSize, (Math.floor(offset / RUN_PAYLOAD) + 1) * RUN_PAYLOAD);
  }

  /** Where in the tar it ends. */
  get offset(): number {
    return this.#offset;
  }

  get isFull(): boolean {
    return this.#offset === this.#end;
  }

  /** What is to be written at `place`. */
  get bytes(): Buffer {
    return this.memory.subarray(0, this.#length);
  }

  /** Takes bytes of `chunk` from `from` on, and says how many. */
  add(chunk: Uint8Array, from: number): number {
    let taken = from;
    while (taken < chunk.length && !this.isFull) {
      const inBlock = this.#offset % BLOCK_PAYLOAD;
      if (inBlock === 0) this.#length += this.#writeHeaders();
      const room = Math.min(BLOCK_PAYLOAD - inBlock, this.#end - this.#offset);
      const piece = chunk.subarray(taken, taken + room);
      this.memory.set(piece, this.#length);
      this.#length += piece.length;
      this.#offset += piece.length;
      taken += piece.length;
    }
    return taken - from;
  }

  /** Gives how many bytes they take. */
  #writeHeaders(): number {
    const inMember = this.#offset % MEMBER_PAYLOAD;
    const number = (this.#offset - inMember) / MEMBER_PAYLOAD;
    const payload = payloadOf(number, this.#tarSize);
    const before = inMember === 0 ? MEMBER_HEADER : 0;
    const headers = this.memory.subarray(this.#length);
    if (inMember === 0) writeMemberHeader(headers, { payload, number });
    const length = Math.min(BLOCK_PAYLOAD, payload - inMember);
    writeBlockHeader(headers.subarray(before), length, inMember + length === payload);
    return before + BLOCK_HEADER;
  }
}

/** The stretches of the file that hold a stretch of the tar, in order, none with a header in it. */
export function* stretches(
  offset: number,
  length: number,
): Generator<[place: number, length: number]> {
  for (let done = 0; done < length;) {
    const count = Math.min(BLOCK_PAYLOAD - ((offset + done) % BLOCK_PAYLOAD), length - done);
    yield [placeInFile(offset + done), count];
    done += count;
  }
}
