import { createHash, type Hash } from "node:crypto";
import { readSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { shorter } from "../file-range.ts";
import { payloadOf } from "./framed-run.ts";
import {
  BLOCK_BYTES,
  BLOCK_HEADER,
  BLOCK_PAYLOAD,
  blocksIn,
  MEMBER_BYTES,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
  MEMBER_TRAILER,
  memberBytes,
  readMemberHeader,
} from "./gzip-members.ts";
import { sealMember } from "./seal-member.ts";

/** How the file's hash stood before a member. */
interface Mark {
  readonly member: number;
  readonly hash: Hash;
}

/**
 * Seals the members of a file whose tar lies in it already, one after another: reads each back,
 * completes it with its checksum, and hashes the file on the way. Synchronous: it has a thread of its
 * own, or little to do.
 */
export class MemberSealer {
  readonly #fd: number;
  readonly #tarSize: number;
  readonly #buffer = Buffer.allocUnsafeSlow(MEMBER_BYTES);
  #hash = createHash("sha256");
  #next = 0;
  #mark: Mark | undefined;
  /** Others write to the file too, and one waits for the other: nobody waits for so little. */
  readonly #trailers: Promise<void>[] = [];

  constructor(fd: number, tarSize: number) {
    this.#fd = fd;
    this.#tarSize = tarSize;
  }

  /** Where the tar ends that is sealed with the next member; undefined when all of it is. */
  get end(): number | undefined {
    const start = this.#next * MEMBER_PAYLOAD;
    return start < this.#tarSize ? Math.min(start + MEMBER_PAYLOAD, this.#tarSize) : undefined;
  }

  /** Seals the next member, of which only so much of the tar as `verified` says may not change any more. */
  seal(verified: number): number {
    const number = this.#next;
    const payload = payloadOf(number, this.#tarSize);
    if ((this.end ?? 0) <= verified) this.#mark = undefined;
    else this.#mark ??= { member: number, hash: this.#hash.copy() };
    const bytes = this.#buffer.subarray(0, memberBytes(payload));
    this.#read(bytes, number * MEMBER_BYTES);
    const isWritten = isFramed(bytes, { payload, number });
    sealMember({ buffer: this.#buffer, payload, number });
    if (!isWritten) this.#writeHeaders(bytes, number);
    this.#hash.update(bytes);
    const trailer = Buffer.from(bytes.subarray(-MEMBER_TRAILER));
    const place = number * MEMBER_BYTES + bytes.length - MEMBER_TRAILER;
    this.#trailers.push(writeSmall(this.#fd, trailer, place));
    this.#trailers.at(-1)?.catch(() => undefined);
    this.#next++;
    return bytes.length;
  }

  /** Goes back to before everything that was sealed and may have changed since. */
  async rewind(): Promise<void> {
    if (this.#mark === undefined) return;
    // A checksum that is written late must not overtake the one that takes its place.
    await this.finish();
    this.#next = this.#mark.member;
    this.#hash = this.#mark.hash;
    this.#mark = undefined;
  }

  /** Waits until every checksum is written. */
  async finish(): Promise<void> {
    await Promise.all(this.#trailers.splice(0));
  }

  /** SHA-256 of the file, in hexadecimal. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  #read(buffer: Buffer, position: number): void {
    // The checksum of the last member may not be there yet.
    const wanted = buffer.length - MEMBER_TRAILER;
    for (let done = 0; done < wanted;) {
      const count = readSync(this.#fd, buffer, done, wanted - done, position + done);
      if (count === 0) throw shorter(position + done);
      done += count;
    }
  }

  /** Nothing but headers: somebody may be writing content that comes anew. */
  #writeHeaders(bytes: Buffer, number: number): void {
    const start = number * MEMBER_BYTES;
    writeAllSync(this.#fd, bytes.subarray(0, MEMBER_HEADER), start);
    for (let at = MEMBER_HEADER; at < bytes.length - MEMBER_TRAILER; at += BLOCK_BYTES) {
      writeAllSync(this.#fd, bytes.subarray(at, at + BLOCK_HEADER), start + at);
    }
  }
}

/** Writes all of it, wherever the file ends. */
export function writeAllSync(fd: number, bytes: Buffer, place: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, place + done);
  }
}

const writeAsync = promisify(write);

async function writeSmall(fd: number, bytes: Buffer, place: number): Promise<void> {
  const { bytesWritten } = await writeAsync(fd, bytes, 0, bytes.length, place);
  if (bytesWritten < bytes.length)
    writeAllSync(fd, bytes.subarray(bytesWritten), place + bytesWritten);
}

/** Whether the headers are those that belong there: an earlier run's may have been damaged since. */
function isFramed(
  bytes: Buffer,
  { payload, number }: { payload: number; number: number },
): boolean {
  const header = readMemberHeader(bytes);
  if (header?.payload !== payload || header.number !== number) return false;
  const blocks = blocksIn(payload);
  for (let block = 0; block < blocks; block++) {
    const at = MEMBER_HEADER + block * BLOCK_BYTES;
    const length = Math.min(BLOCK_PAYLOAD, payload - block * BLOCK_PAYLOAD);
    if (bytes.readUInt8(at) !== (block === blocks - 1 ? 1 : 0)) return false;
    if (bytes.readUInt16LE(at + 1) !== length) return false;
    if (bytes.readUInt16LE(at + 3) !== (length ^ 0xffff)) return false;
  }
  return true;
}
