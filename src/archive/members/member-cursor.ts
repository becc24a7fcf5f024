import type { Bytes } from "../../content/content.ts";
import { StreamCursor, truncated, type Cursor } from "../cursor.ts";
import { MEMBER_PAYLOAD } from "./gzip-members.ts";
import { memoryInTurn } from "../file-range.ts";
import type { SeekableTar } from "../tar/seekable-tar.ts";

/**
 * Goes through a framed tar and checks every member that it stands in, whole. Members that lie
 * completely inside something skipped are left to whoever reads that: each byte is read once.
 */
export class MemberCursor implements Cursor {
  readonly #tar: SeekableTar;
  readonly #memory = memoryInTurn();
  #stream: StreamCursor;
  /** Where the present stream began: always at the start of a member. */
  #start = 0;

  constructor(tar: SeekableTar) {
    this.#tar = tar;
    this.#stream = this.#from(0);
  }

  get position(): number {
    return this.#start + this.#stream.position;
  }

  take(length: number): Promise<Buffer> {
    return this.#stream.take(length);
  }

  /** Whoever gets pieces may keep them; what is skipped takes no new memory. */
  async *bytes(length: number): Bytes {
    for await (const piece of this.#stream.bytes(length)) yield Buffer.from(piece);
  }

  async skip(length: number): Promise<void> {
    const target = this.position + length;
    if (target > this.#tar.size) throw truncated(this.#tar.size);
    const landing = Math.floor(target / MEMBER_PAYLOAD) * MEMBER_PAYLOAD;
    const memberEnd = (Math.floor(this.position / MEMBER_PAYLOAD) + 1) * MEMBER_PAYLOAD;
    if (landing > memberEnd) {
      await this.#stream.skip(memberEnd - this.position);
      await this.#stream.close();
      this.#start = landing;
      this.#stream = this.#from(landing);
    }
    await this.#stream.skip(target - this.position);
  }

  #from(offset: number): StreamCursor {
    const options = { check: true, memory: this.#memory };
    return new StreamCursor(this.#tar.read(offset, this.#tar.size - offset, options));
  }
}
