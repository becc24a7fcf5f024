import {
  BLOCK_BYTES,
  BLOCK_HEADER,
  BLOCK_PAYLOAD,
  blocksIn,
  MEMBER_HEADER,
  writeBlockHeader,
  writeMemberHeader,
  type MemberHeader,
} from "./gzip-members.ts";

/** Blocks of a slice: as much as stays in a processor's cache while it is read, summed and hashed. */
const BLOCKS_PER_SLICE = 4;

export const SLICE_BYTES = MEMBER_HEADER + BLOCKS_PER_SLICE * BLOCK_BYTES;

/** A stretch of a member: whole blocks, and before the first of them the header of the member. */
export interface MemberSlice {
  /** In bytes of the member. */
  readonly start: number;
  readonly length: number;
  readonly blocks: readonly MemberBlock[];
}

interface MemberBlock {
  /** Everything before its payload, as it must be. */
  readonly header: Buffer;
  /** Where its header and payload begin, in bytes of the slice. */
  readonly at: number;
  readonly from: number;
  /** Where its payload ends. */
  readonly to: number;
}

/** All of a member but its checksum, in order. */
export function* slicesOf(member: MemberHeader): Generator<MemberSlice> {
  const blocks = blocksIn(member.payload);
  for (let first = 0; first < blocks; first += BLOCKS_PER_SLICE) {
    const start = first === 0 ? 0 : MEMBER_HEADER + first * BLOCK_BYTES;
    const slice: MemberBlock[] = [];
    for (let block = first; block < Math.min(blocks, first + BLOCKS_PER_SLICE); block++) {
      const header = headerOf(member, block);
      const at = block === 0 ? 0 : MEMBER_HEADER + block * BLOCK_BYTES - start;
      const from = at + header.length;
      const to = from + Math.min(BLOCK_PAYLOAD, member.payload - block * BLOCK_PAYLOAD);
      slice.push({ header, at, from, to });
    }
    yield { start, length: slice.at(-1)?.to ?? 0, blocks: slice };
  }
}

function headerOf(member: MemberHeader, block: number): Buffer {
  const before = block === 0 ? MEMBER_HEADER : 0;
  const header = Buffer.alloc(before + BLOCK_HEADER);
  if (block === 0) writeMemberHeader(header, member);
  const length = Math.min(BLOCK_PAYLOAD, member.payload - block * BLOCK_PAYLOAD);
  writeBlockHeader(header.subarray(before), length, block === blocksIn(member.payload) - 1);
  return header;
}
