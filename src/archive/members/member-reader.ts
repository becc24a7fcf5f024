import { crc32 } from "node:zlib";
import type { Bytes } from "../../content/content.ts";
import {
  BLOCK_BYTES,
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
import { newMemory, readAhead, type Allocate, type FileRange } from "../file-range.ts";
import type { ReadOptions, SeekableTar } from "../tar/seekable-tar.ts";

/** Blocks read at a time: about 256 KiB stay in a processor's cache until they are hashed and sent. */
const BLOCKS_PER_READ = 4;

/** Some blocks of one member, and the bytes of the tar that are wanted of them. */
interface Piece {
  readonly member: number;
  readonly firstBlock: number;
  readonly blocks: number;
  /** Wanted range, in bytes of the member's payload. */
  readonly from: number;
  readonly to: number;
}

interface ReadPiece {
  readonly piece: Piece;
  /** Of its blocks, one behind another. */
  readonly headers: Buffer;
  readonly wanted: Buffer;
}

/** Reads a tar inside the bundle's gzip framing by arithmetic, without inflating. */
export class MemberTar implements SeekableTar {
  readonly framing = "members";
  readonly #range: FileRange;
  readonly #extent: MemberExtent;
  readonly size: number;
  /** The one whose header was right the last time: many small entries lie in one member. */
  #rightMember: number | undefined;

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
    { check = false, memory = newMemory }: ReadOptions = {},
  ): Bytes {
    const end = offset + length;
    let current = -1;
    let crc = 0;
    const { present } = this.#extent;
    const pieces = this.#pieces(offset, Math.min(end, present));
    for await (const read of readAhead(pieces, (piece) => this.#readBlocks(piece, memory))) {
      const { member, to } = read.piece;
      if (member !== current) await this.#checkHeader(member);
      if (member !== current) crc = 0;
      current = member;
      this.#checkBlocks(read);
      if (check && this.#isInside(member, offset, end)) {
        crc = crc32(read.wanted, crc);
        if (to === this.#payloadOf(member)) await this.#checkTrailer(member, crc);
      }
      yield read.wanted;
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

  /**
   * The blocks of a piece, of the last one only what is wanted. Their headers go elsewhere, so that what
   * is wanted lies in one piece.
   */
  async #readBlocks(piece: Piece, allocate: Allocate): Promise<ReadPiece> {
    const { member, firstBlock, blocks, from, to } = piece;
    const start = firstBlock * BLOCK_PAYLOAD;
    const memory = allocate(blocks * BLOCK_HEADER + to - start);
    const headers = memory.subarray(0, blocks * BLOCK_HEADER);
    const payload = memory.subarray(headers.length);
    const places: Buffer[] = [];
    for (let index = 0; index < blocks; index++) {
      places.push(headers.subarray(index * BLOCK_HEADER, (index + 1) * BLOCK_HEADER));
      places.push(payload.subarray(index * BLOCK_PAYLOAD, (index + 1) * BLOCK_PAYLOAD));
    }
    await this.#range.scatter(
      member * MEMBER_BYTES + MEMBER_HEADER + firstBlock * BLOCK_BYTES,
      places,
    );
    return { piece, headers, wanted: payload.subarray(from - start) };
  }

  #checkBlocks({ piece: { member, firstBlock, blocks }, headers }: ReadPiece): void {
    for (let index = 0; index < blocks; index++) {
      const header = headers.subarray(index * BLOCK_HEADER, (index + 1) * BLOCK_HEADER);
      this.#checkBlock(member, firstBlock + index, header);
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
    if (member === this.#rightMember) return;
    const bytes = await this.#range.fill(member * MEMBER_BYTES, Buffer.alloc(MEMBER_HEADER));
    const header = readMemberHeader(bytes);
    const isRight = header?.number === member && header.payload === this.#payloadOf(member);
    if (isRight) this.#rightMember = member;
    else throw damaged(member, "its header does not say where it stands");
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
