import type { FileSums } from "../archive/members/cut-hash.ts";
import { openFront, type Front } from "../archive/members/open-front.ts";
import { PlaceWriter, RunMemory } from "../archive/members/place-writer.ts";
import type { Content } from "../content/content.ts";
import { isMismatch, verified } from "../content/verify.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { blobPath } from "../oci/image-layout.ts";
import type { BundleEntry } from "./contents.ts";
import { Frontier } from "./frontier.ts";
import type { PartialFile } from "./partial-file.ts";
import { nothing, resume, type Resumed } from "./resume.ts";

/** A transfer may be damaged on its way. What comes wrong from its first byte twice is the source's. */
const MAX_WRONG_TRANSFERS = 2;

/** So many bytes more are worth a line in the journal. */
const NOTED_BYTES = 1024 * 1024;

/** `resumed`: nothing of it had to come, an earlier run had brought it. */
export type Filled = "filled" | "resumed";

export interface FillingOptions {
  readonly mtime: Date;
  readonly onSealed: (bytes: number) => void;
}

/** The content of a bundle on its way to its places, and the front that follows it. */
export class Filling {
  readonly #partial: PartialFile;
  readonly #entries: readonly BundleEntry[];
  readonly #front: Front;
  readonly #frontier: Frontier;
  readonly #memory = new RunMemory();
  /** Bytes that came from sources and are right as far as they came. */
  arrived = 0;

  constructor(partial: PartialFile, entries: readonly BundleEntry[], options: FillingOptions) {
    this.#partial = partial;
    this.#entries = entries;
    // Content does not go to another thread.
    const files = entries.map(({ content: _content, ...name }) => name);
    const { onSealed, mtime } = options;
    const { file, layout } = partial;
    const plan = { places: file.places, files, layout, mtime: mtime.getTime() };
    this.#front = openFront(plan, { onSealed, expectedSize: layout.size });
    this.#frontier = new Frontier(this.#front, files, layout);
  }

  /** SHA-256 of the file, and of those that it is cut into, when all of it is sealed. */
  get digest(): Promise<FileSums> {
    return this.#front.digest;
  }

  close(): Promise<void> {
    return this.#front.close();
  }

  /** Puts what was made here in its place. */
  async put(index: number, bytes: Buffer): Promise<void> {
    const writer = this.#writer(index, 0);
    try {
      await writer.add(bytes);
      await writer.end();
    } finally {
      await writer.settled();
    }
    this.#frontier.done(index);
  }

  /**
   * Brings a blob or file to its place, verified on the way. What an earlier run has brought is
   * hashed and gone on with; what comes wrong is fetched once more from its first byte.
   *
   * @throws DrayError `DRAY_CONTENT_MISMATCH`
   */
  async fill(index: number, expected: Descriptor, content: Content): Promise<Filled> {
    let wrongTransfers = 0;
    let resumed = await this.#resume(index, expected);
    for (;;) {
      const from = resumed.size;
      try {
        await this.#write(index, { expected, content, resumed });
        this.#frontier.done(index);
        this.#note(index, expected.size);
        return from === expected.size && from > 0 ? "resumed" : "filled";
      } catch (error) {
        if (!isMismatch(error)) throw error;
        this.#note(index, 0);
        this.#frontier.wrong(index);
        if (from === 0) wrongTransfers++;
        if (wrongTransfers === MAX_WRONG_TRANSFERS) throw error;
        resumed = nothing(expected);
      }
    }
  }

  async #write(
    index: number,
    { expected, content, resumed }: { expected: Descriptor; content: Content; resumed: Resumed },
  ): Promise<void> {
    const { size } = expected;
    const rest = resumed.size === size ? [] : content.open(resumed.size, { reuse: true });
    const writer = this.#writer(index, resumed.size);
    const start = this.#offset(index);
    let noted = resumed.size;
    try {
      for await (const chunk of verified(rest, expected, { from: content.from, resumed })) {
        const full = writer.add(chunk);
        if (full === undefined) continue;
        await full;
        const written = writer.written - start;
        if (written - noted < NOTED_BYTES) continue;
        this.arrived += written - noted;
        noted = written;
        this.#note(index, noted);
        this.#frontier.written(writer.written);
      }
      await writer.end();
    } catch (error) {
      // What has come of a transfer that breaks is worth something, and what came wrong is not.
      if (!isMismatch(error)) await writer.end().catch(() => undefined);
      throw error;
    } finally {
      await writer.settled();
      const written = writer.written - start;
      this.arrived += written - noted;
      if (written > noted && written < size) this.#note(index, written);
    }
  }

  #resume(index: number, expected: Descriptor): Promise<Resumed> {
    const isBlob = this.#blob(index) !== undefined;
    const place = { offset: this.#offset(index), isBlob, writer: () => this.#writer(index, 0) };
    return resume(expected, this.#partial, place);
  }

  #writer(index: number, from: number): PlaceWriter {
    const { file, layout } = this.#partial;
    const place = { offset: this.#offset(index) + from, tarSize: layout.size };
    return new PlaceWriter(file, place, this.#memory);
  }

  #offset(index: number): number {
    return this.#partial.layout.offsets[index] ?? this.#partial.layout.size;
  }

  /** Its digest, if the entry is a blob: nothing else has a place in the journal. */
  #blob(index: number): Digest | undefined {
    const entry = this.#entries[index];
    if (entry === undefined || Buffer.isBuffer(entry.content)) return undefined;
    const { digest } = entry.content.descriptor;
    return entry.name === blobPath(digest) ? digest : undefined;
  }

  #note(index: number, bytes: number): void {
    const digest = this.#blob(index);
    if (digest !== undefined) this.#partial.journal.note(digest, bytes);
  }
}
