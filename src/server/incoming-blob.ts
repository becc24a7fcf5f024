import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, truncate } from "node:fs/promises";
import type { Bytes } from "../content/content.ts";
import { writeContent } from "../layout/write-file.ts";
import { digestFrom, type Digest, type DigestAlgorithm } from "../oci/digest.ts";

/** So much of a file is read at once. */
const BUFFER_BYTES = 1024 * 1024;

export interface UploadIdentity {
  readonly id: string;
  /** The repository that it was begun in. */
  readonly name: string;
  /** What it is hashed with while it grows; a digest of another kind costs reading it again. */
  readonly algorithm: DigestAlgorithm;
}

interface Turn {
  readonly cancel: () => void;
  readonly done: Promise<unknown>;
}

/**
 * A blob on its way in: a file that grows. Only one request at a time works on it; a new one takes
 * over from one that hangs, because a client that lost its connection is back before the server
 * notices.
 */
export class IncomingBlob {
  readonly identity: UploadIdentity;
  readonly #path: string;
  /** Of the first `size` bytes; undefined where the file has to be read again to know. */
  #hash: Hash | undefined;
  #size = 0;
  #lastUsed = Date.now();
  #turn: Turn | undefined;

  private constructor(path: string, identity: UploadIdentity) {
    this.#path = path;
    this.identity = identity;
    this.#hash = createHash(identity.algorithm);
  }

  static async create(path: string, identity: UploadIdentity): Promise<IncomingBlob> {
    const file = await open(path, "wx");
    await file.close();
    return new IncomingBlob(path, identity);
  }

  /** Bytes received and written. */
  get size(): number {
    return this.#size;
  }

  /** When somebody last worked on it, or undefined while somebody does. */
  get idleSince(): number | undefined {
    return this.#turn === undefined ? this.#lastUsed : undefined;
  }

  /** Runs `work` alone. `cancel` makes it end soon when another request wants the upload. */
  async exclusive<T>(cancel: () => void, work: () => Promise<T>): Promise<T> {
    while (this.#turn !== undefined) {
      this.#turn.cancel();
      await this.#turn.done;
    }
    const running = work();
    this.#turn = { cancel, done: running.catch(() => {}) };
    try {
      return await running;
    } finally {
      this.#turn = undefined;
      this.#lastUsed = Date.now();
    }
  }

  /**
   * Appends `content`. If it breaks off, what came before is kept, so that the client can go on from
   * `size`, and the error is thrown.
   */
  async append(content: Bytes): Promise<void> {
    const received = new Received(content, this.#hash);
    this.#hash = undefined;
    try {
      await writeContent(this.#path, received.bytes(), { flags: "r+", start: this.#size });
    } catch (error) {
      // A full disk is not to stay full of what does not count.
      await truncate(this.#path, this.#size).catch(() => {});
      throw error;
    }
    this.#size += received.size;
    this.#hash = received.hash;
    if (received.failure !== undefined) throw received.failure;
  }

  /** The digest of what came so far. */
  async digest(algorithm: DigestAlgorithm): Promise<Digest> {
    if (this.#hash !== undefined && algorithm === this.identity.algorithm) {
      return digestFrom(this.#hash.copy(), algorithm);
    }
    const hash = createHash(algorithm);
    const end = this.#size - 1;
    if (end >= 0) {
      const file = createReadStream(this.#path, { end, highWaterMark: BUFFER_BYTES });
      for await (const chunk of file) hash.update(chunk as Buffer);
    }
    return digestFrom(hash, algorithm);
  }

  /** Brings the file to its size and safely to the disk, and gives it away by its path. */
  async settle(): Promise<string> {
    const file = await open(this.#path, "r+");
    try {
      // A write that failed may have left more than was counted.
      await file.truncate(this.#size);
      // Renaming an unflushed file can leave zeros under the right name after a power cut.
      await file.sync();
    } finally {
      await file.close();
    }
    return this.#path;
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/** Passes content on until it ends or breaks off; either way, all that was hashed gets written. */
class Received {
  readonly #content: Bytes;
  readonly hash: Hash | undefined;
  size = 0;
  failure: Error | undefined;

  constructor(content: Bytes, hash: Hash | undefined) {
    this.#content = content;
    this.hash = hash;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#content) {
        this.hash?.update(chunk);
        this.size += chunk.length;
        yield chunk;
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
  }
}
