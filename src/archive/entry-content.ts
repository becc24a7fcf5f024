import { createHash } from "node:crypto";
import { collect, type Bytes } from "../content/content.ts";
import type { Listener } from "../events.ts";
import type { Archive, RawEntry } from "./archive.ts";

/** One entry's content, read at most once, whose start can be looked at first. */
export class EntryContent {
  readonly #raw: RawEntry;
  readonly #onEvent: Listener | undefined;
  #pieces: AsyncIterator<Uint8Array> | undefined;
  readonly #head: Uint8Array[] = [];

  constructor(raw: RawEntry, onEvent: Listener | undefined) {
    this.#raw = raw;
    this.#onEvent = onEvent;
  }

  async startsWith(magic: Uint8Array): Promise<boolean> {
    this.#pieces ??= this.#raw.content()[Symbol.asyncIterator]();
    let head = Buffer.concat(this.#head);
    while (head.length < magic.length) {
      const { done, value } = await this.#pieces.next();
      if (done === true) break;
      this.#head.push(value);
      head = Buffer.concat([head, value]);
    }
    return head.subarray(0, magic.length).equals(magic);
  }

  async collect(): Promise<Buffer> {
    return collect(this.#rest());
  }

  async firstByte(): Promise<number | undefined> {
    await this.startsWith(Buffer.alloc(1));
    return this.#head.find((piece) => piece.length > 0)?.[0];
  }

  /** In hexadecimal, of `bytes` where they were collected before. */
  async digests(algorithms: readonly string[], bytes: Buffer | undefined): Promise<string[]> {
    const hashes = algorithms.map((algorithm) => createHash(algorithm));
    for await (const piece of bytes === undefined ? this.#rest() : [bytes]) {
      for (const hash of hashes) hash.update(piece);
    }
    return hashes.map((hash) => hash.digest("hex"));
  }

  /** The same on another thread; undefined where that does not pay, or bytes were asked for before. */
  digestsElsewhere(archive: Archive, algorithms: readonly string[]): Promise<string[]> | undefined {
    if (archive.kind !== "tar" || this.#pieces !== undefined) return undefined;
    const { position, size } = this.#raw;
    return archive.hash({ position, size, algorithms }, (bytes) =>
      this.#onEvent?.({ type: "progress", bytes }),
    );
  }

  /** Lets go of content that was looked at and not read to its end. */
  async close(): Promise<void> {
    await this.#pieces?.return?.();
  }

  async *#rest(): Bytes {
    for (const piece of this.#head) yield this.#count(piece);
    if (this.#pieces === undefined) {
      for await (const piece of this.#raw.content()) yield this.#count(piece);
      return;
    }
    for (
      let next = await this.#pieces.next();
      next.done !== true;
      next = await this.#pieces.next()
    ) {
      yield this.#count(next.value);
    }
  }

  #count(piece: Uint8Array): Uint8Array {
    this.#onEvent?.({ type: "progress", bytes: piece.length });
    return piece;
  }
}
