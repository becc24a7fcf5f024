import {
  BLOCK_HEADER,
  BLOCK_PAYLOAD,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
  placeInFile,
  writeBlockHeader,
  writeMemberHeader,
} from "./gzip-members.ts";

/** Bytes of tar that are written at a time: about 1 MiB, and no run goes beyond a member. */
const RUN_PAYLOAD = 16 * BLOCK_PAYLOAD;

/** Pieces that are written at a time. Systems take 1,024; each may bring a header with it. */
const MAX_PIECES = 500;

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
 * Bytes of a tar as they lie in the file, from one place on. Whoever has the first byte of a block
 * writes its header too, and that of the member where it is the first of one: so pieces of a tar can
 * be written in any order, and every byte of the file is written by one of them, but for the checksum
 * of each member. Nothing is copied.
 */
export class FramedRun {
  /** Where in the file it begins. */
  readonly place: number;
  /** What is to be written there, one behind the other. */
  readonly pieces: Uint8Array[] = [];
  readonly #tarSize: number;
  readonly #end: number;
  #offset: number;

  constructor({ offset, tarSize }: TarPlace) {
    const before = offset % BLOCK_PAYLOAD === 0 ? BLOCK_HEADER : 0;
    const isFirst = offset % MEMBER_PAYLOAD === 0;
    this.place = placeInFile(offset) - before - (isFirst ? MEMBER_HEADER : 0);
    this.#tarSize = tarSize;
    this.#offset = offset;
    this.#end = Math.min(tarSize, (Math.floor(offset / RUN_PAYLOAD) + 1) * RUN_PAYLOAD);
  }

  /** Where in the tar it ends. */
  get offset(): number {
    return this.#offset;
  }

  get isFull(): boolean {
    return this.#offset === this.#end || this.pieces.length >= MAX_PIECES;
  }

  /** Takes bytes of `chunk` from `from` on, and says how many. */
  add(chunk: Uint8Array, from: number): number {
    let taken = from;
    while (taken < chunk.length && !this.isFull) {
      const inBlock = this.#offset % BLOCK_PAYLOAD;
      if (inBlock === 0) this.pieces.push(this.#headers());
      const room = Math.min(BLOCK_PAYLOAD - inBlock, this.#end - this.#offset);
      const piece = chunk.subarray(taken, taken + room);
      this.pieces.push(piece);
      this.#offset += piece.length;
      taken += piece.length;
    }
    return taken - from;
  }

  #headers(): Buffer {
    const inMember = this.#offset % MEMBER_PAYLOAD;
    const number = (this.#offset - inMember) / MEMBER_PAYLOAD;
    const payload = payloadOf(number, this.#tarSize);
    const before = inMember === 0 ? MEMBER_HEADER : 0;
    const headers = Buffer.allocUnsafe(before + BLOCK_HEADER);
    if (inMember === 0) writeMemberHeader(headers, { payload, number });
    const length = Math.min(BLOCK_PAYLOAD, payload - inMember);
    writeBlockHeader(headers.subarray(before), length, inMember + length === payload);
    return headers;
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
