import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { MEMBER_BYTES } from "./gzip-members.ts";

/** Where finished members go: into the file, in order, and into its digest. */
export interface MemberSink {
  /** They take turns: one is written while the other fills. */
  readonly buffers: readonly [Buffer, Buffer];
  /** Resolves when `member`, a part of one of the buffers, may be filled again. */
  write(member: Buffer, position: number): Promise<void>;
  /** SHA-256 of all that was written, in hexadecimal. */
  digest(): Promise<string>;
  close(): Promise<void>;
}

/** Starting a thread costs more than hashing this many bytes. */
const WORTH_THREAD = 32 * 1024 * 1024;

/**
 * A sink of its own thread for a large file, so that the file is hashed and written while the next
 * member is read, verified and framed. Threads run what the build makes of the sources.
 */
export function openSink(file: FileHandle, expectedSize: number): MemberSink {
  const isBuilt = import.meta.url.endsWith(".js");
  const pays = expectedSize >= WORTH_THREAD && availableParallelism() > 1;
  return isBuilt && pays ? new ThreadSink(file) : new InlineSink(file);
}

class InlineSink implements MemberSink {
  readonly buffers = [Buffer.alloc(MEMBER_BYTES), Buffer.alloc(MEMBER_BYTES)] as const;
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(member: Buffer, position: number): Promise<void> {
    this.#hash.update(member);
    for (let done = 0; done < member.length;) {
      const left = member.length - done;
      const { bytesWritten } = await this.#file.write(member, done, left, position + done);
      done += bytesWritten;
    }
  }

  async digest(): Promise<string> {
    return this.#hash.digest("hex");
  }

  async close(): Promise<void> {}
}

/** What the thread is told: one of its buffers is full, or the end has come. */
export type SinkOrder =
  { readonly buffer: 0 | 1; readonly length: number; readonly position: number } | "digest";

/** What the thread answers, once for each order. */
export type SinkAnswer =
  | { readonly digest?: string }
  | { readonly failure: { readonly message: string; readonly code: string | undefined } };

class ThreadSink implements MemberSink {
  readonly buffers: readonly [Buffer, Buffer];
  readonly #worker: Worker;
  /** Who waits for an answer, in the order of the orders. */
  readonly #waiting: { resolve: (answer: SinkAnswer) => void; reject: (error: Error) => void }[] =
    [];

  constructor(file: FileHandle) {
    const memory = [
      new SharedArrayBuffer(MEMBER_BYTES),
      new SharedArrayBuffer(MEMBER_BYTES),
    ] as const;
    this.buffers = [Buffer.from(memory[0]), Buffer.from(memory[1])];
    const url = new URL("./member-sink-worker.js", import.meta.url);
    this.#worker = new Worker(url, { workerData: { fd: file.fd, memory } });
    this.#worker.on("message", (answer: SinkAnswer) => this.#waiting.shift()?.resolve(answer));
    this.#worker.on("error", (error) => this.#failAll(error));
  }

  async write(member: Buffer, position: number): Promise<void> {
    const buffer = member.buffer === this.buffers[0].buffer ? 0 : 1;
    await this.#order({ buffer, length: member.length, position });
  }

  async digest(): Promise<string> {
    return (await this.#order("digest")).digest ?? "";
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
    this.#failAll(new Error("the file was closed"));
  }

  async #order(order: SinkOrder): Promise<{ readonly digest?: string }> {
    const answer = await new Promise<SinkAnswer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(order);
    });
    if (!("failure" in answer)) return answer;
    const { message, code } = answer.failure;
    throw Object.assign(new Error(message), code === undefined ? {} : { code });
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
