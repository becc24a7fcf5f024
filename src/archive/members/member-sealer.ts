import { write } from "node:fs";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { shorter } from "../file-range.ts";
import { CutHash, type FileSums } from "./cut-hash.ts";
import { payloadOf } from "./framed-run.ts";
import {
  MEMBER_BYTES,
  MEMBER_PAYLOAD,
  MEMBER_TRAILER,
  memberBytes,
  type MemberHeader,
} from "./gzip-members.ts";
import { SLICE_BYTES, slicesOf, type MemberSlice } from "./member-slices.ts";
import { onePlace, readPlacesSync, writePlacesSync, type Places } from "./output-file.ts";

/** How the file's hash stood before a member. */
interface Mark {
  readonly member: number;
  readonly hash: CutHash;
}

/**
 * Seals the members of a file whose tar lies in it already, one after another: reads each back,
 * completes it with its checksum, and hashes the file on the way. Synchronous: it has a thread of its
 * own, or little to do.
 */
export class MemberSealer {
  readonly #places: Places;
  readonly #tarSize: number;
  readonly #buffer = Buffer.allocUnsafeSlow(SLICE_BYTES);
  #hash: CutHash;
  #next = 0;
  #mark: Mark | undefined;
  /** Others write to the file too, and one waits for the other: nobody waits for so little. */
  readonly #trailers: Promise<void>[] = [];

  constructor(places: Places, tarSize: number) {
    this.#places = places;
    this.#tarSize = tarSize;
    this.#hash = new CutHash(places.partSize);
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
    const trailer = this.#sum({ payload, number });
    this.#hash.update(trailer);
    const size = memberBytes(payload);
    const place = number * MEMBER_BYTES + size - MEMBER_TRAILER;
    this.#trailers.push(writeSmall(this.#places, trailer, place));
    this.#trailers.at(-1)?.catch(() => undefined);
    this.#next++;
    return size;
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

  /** SHA-256 of the file, and of those that it is cut into. */
  digest(): FileSums {
    return this.#hash.digest();
  }

  /** Reads a member and hashes it; gives what it ends with. */
  #sum(member: MemberHeader): Buffer {
    let crc = 0;
    for (const slice of slicesOf(member)) {
      const bytes = this.#buffer.subarray(0, slice.length);
      const place = member.number * MEMBER_BYTES + slice.start;
      this.#read(bytes, place);
      this.#frame(bytes, slice, place);
      for (const { from, to } of slice.blocks) crc = crc32(bytes.subarray(from, to), crc);
      this.#hash.update(bytes);
    }
    const trailer = Buffer.alloc(MEMBER_TRAILER);
    trailer.writeUInt32LE(crc, 0);
    trailer.writeUInt32LE(member.payload, 4);
    return trailer;
  }

  #read(buffer: Buffer, position: number): void {
    for (let done = 0; done < buffer.length;) {
      const count = readPlacesSync(this.#places, {
        buffer,
        offset: done,
        length: buffer.length - done,
        position: position + done,
      });
      if (count === 0) throw shorter(position + done);
      done += count;
    }
  }

  /**
   * Sees to it that the headers are those that belong there: an earlier run's may have been damaged since.
   * Nothing but headers is written: somebody may be writing content that comes anew.
   */
  #frame(bytes: Buffer, { blocks }: MemberSlice, place: number): void {
    for (const { header, at, from } of blocks) {
      if (header.compare(bytes, at, from) === 0) continue;
      header.copy(bytes, at);
      writePlacesSync(this.#places, header, place + at);
    }
  }
}

const writeAsync = promisify(write);

async function writeSmall(places: Places, bytes: Buffer, position: number): Promise<void> {
  const found = onePlace(places, position, bytes.length);
  const bytesWritten =
    found === undefined
      ? 0
      : (await writeAsync(found.fd, bytes, 0, bytes.length, found.place)).bytesWritten;
  if (bytesWritten < bytes.length) {
    writePlacesSync(places, bytes.subarray(bytesWritten), position + bytesWritten);
  }
}
