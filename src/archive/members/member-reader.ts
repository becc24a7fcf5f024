import { crc32 } from "node:zlib";
import type { Bytes } from "../../content/content.ts";
import {
  BLOCK_HEADER,
  BLOCK_PAYLOAD,
  blocksIn,
  MEMBER_BYTES,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
  MEMBER_TRAILER,
  readMemberHeader,
  resemblesMemberHeader,
} from "./gzip-members.ts";
import { damaged, wrongChecksum } from "./member-damage.ts";
import { truncated, type Cursor } from "../cursor.ts";
import { memberExtent, type MemberExtent } from "./member-extent.ts";
import { MemberCursor } from "./member-cursor.ts";
import { allocator, readAhead, type Allocate, type FileRange } from "../file-range.ts";
import type { ReadOptions, SeekableTar } from "../tar/seekable-tar.ts";

/** Blocks read at a time: about 1 MiB. */
const BLOCKS_PER_READ = 16;

/** Some blocks of one member, and the bytes of the tar that are wanted of them. */
interface Piece {
  readonly member: number;
  readonly firstBlock: number;
  readonly blocks: number;
  /** Wanted range, in bytes of the member's payload. */
  readonly from: number;
  readonly to: number;
}

/** Reads a tar inside the bundle's gzip framing by arithmetic, without inflating. */
export class MemberTar implements SeekableTar {
  readonly framing = "members";
  readonly #range: FileRange;
  readonly #extent: MemberExtent;
  readonly size: number;

  private constructor(range: FileRange, extent: MemberExtent) {
    this.#range = range;
    this.#extent = extent;
    this.size = extent.tarSize;
  }

  /**
   * Undefined if the file does not begin with the framing's own header. A file that does and does
   * not keep the arithmetic is damaged; one that was cut is open as far as it goes.
   *
   * @throws DrayError `DRAY_FRAMING_DAMAGED`, `DRAY_FILE_ZEROED`, `DRAY_FILE_PART`
   */
  static async open(range: FileRange): Promise<MemberTar | undefined> {
    if (range.size < MEMBER_HEADER) return undefined;
    const head = await range.fill(0, Buffer.alloc(MEMBER_HEADER));
    if (readMemberHeader(head) === undefined) {
      if (!resemblesMemberHeader(head)) return undefined;
      throw damaged(0, "its header is not as it was written");
    }
    return new MemberTar(range, await memberExtent(range));
  }

  async *read(
    offset: number,
    length: number,
    { check = false, reuse = false }: ReadOptions = {},
  ): Bytes {
    const allocate = allocator(reuse);
    const end = offset + length;
    let current = -1;
    let crc = 0;
    const { present } = this.#extent;
    const pieces = this.#pieces(offset, Math.min(end, present));
    for await (const { piece, buffer } of readAhead(pieces, (next) =>
      this.#readBlocks(next, allocate),
    )) {
      const { member } = piece;
      if (member !== current) await this.#checkHeader(member);
      if (member !== current) crc = 0;
      current = member;
      const payloads = [...this.#payload(piece, buffer)];
      if (check && this.#isInside(member, offset, end)) {
        for (const payload of payloads) crc = crc32(payload, crc);
        if (piece.to === this.#payloadOf(member)) await this.#checkTrailer(member, crc);
      }
      yield* payloads;
    }
    if (end > present) throw truncated(present);
  }

  checkingCursor(): Cursor {
    return new MemberCursor(this);
  }

  #isInside(member: number, offset: number, end: number): boolean {
    const start = member * MEMBER_PAYLOAD;
    return start >= offset && start + this.#payloadOf(member) <= end;
  }

  #payloadOf(member: number): number {
    return Math.min(MEMBER_PAYLOAD, this.size - member * MEMBER_PAYLOAD);
  }

  *#pieces(offset: number, end: number): Generator<Piece> {
    for (let at = offset; at < end;) {
      const member = Math.floor(at / MEMBER_PAYLOAD);
      const from = at - member * MEMBER_PAYLOAD;
      const firstBlock = Math.floor(from / BLOCK_PAYLOAD);
      const limit = Math.min((firstBlock + BLOCKS_PER_READ) * BLOCK_PAYLOAD, MEMBER_PAYLOAD);
      const to = Math.min(limit, end - member * MEMBER_PAYLOAD);
      yield { member, firstBlock, blocks: blocksIn(to) - firstBlock, from, to };
      at = member * MEMBER_PAYLOAD + to;
    }
  }

  /** The blocks of a piece with their headers; of the last block only what is wanted. */
  async #readBlocks(
    { member, firstBlock, blocks, to }: Piece,
    allocate: Allocate,
  ): Promise<Buffer> {
    const start = member * MEMBER_BYTES + MEMBER_HEADER;
    const length = to - firstBlock * BLOCK_PAYLOAD + blocks * BLOCK_HEADER;
    const position = start + firstBlock * (BLOCK_HEADER + BLOCK_PAYLOAD);
    return this.#range.fill(position, allocate(length));
  }

  *#payload({ member, firstBlock, blocks, from, to }: Piece, buffer: Buffer): Generator<Buffer> {
    for (let index = 0; index < blocks; index++) {
      const block = firstBlock + index;
      const header = index * (BLOCK_HEADER + BLOCK_PAYLOAD);
      this.#checkBlock(member, block, buffer.subarray(header, header + BLOCK_HEADER));
      const blockFrom = block * BLOCK_PAYLOAD;
      const start = header + BLOCK_HEADER - blockFrom;
      yield buffer.subarray(
        start + Math.max(from, blockFrom),
        start + Math.min(to, blockFrom + BLOCK_PAYLOAD),
      );
    }
  }

  #checkBlock(member: number, block: number, header: Buffer): void {
    const payload = this.#payloadOf(member);
    const length = Math.min(BLOCK_PAYLOAD, payload - block * BLOCK_PAYLOAD);
    const final = block === blocksIn(payload) - 1 ? 1 : 0;
    const good =
      header[0] === final &&
      header.readUInt16LE(1) === length &&
      header.readUInt16LE(3) === (length ^ 0xffff);
    if (!good) throw damaged(member, `block ${block} does not begin as it must`);
  }

  async #checkHeader(member: number): Promise<void> {
    const bytes = await this.#range.fill(member * MEMBER_BYTES, Buffer.alloc(MEMBER_HEADER));
    const header = readMemberHeader(bytes);
    if (header?.number === member && header.payload === this.#payloadOf(member)) return;
    throw damaged(member, "its header does not say where it stands");
  }

  async #checkTrailer(member: number, crc: number): Promise<void> {
    const payload = this.#payloadOf(member);
    const position =
      member * MEMBER_BYTES + MEMBER_HEADER + payload + blocksIn(payload) * BLOCK_HEADER;
    const trailer = await this.#range.fill(position, Buffer.alloc(MEMBER_TRAILER));
    if (trailer.readUInt32LE(4) !== payload) {
      throw damaged(member, "its content does not have the length that it states");
    }
    const stated = trailer.readUInt32LE(0);
    if (stated !== crc) throw wrongChecksum(member, { stated, found: crc, length: payload });
  }
}
