import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { MEMBER_BYTES } from "./gzip-members.ts";
import { sealMember, type FilledMember } from "./member-writer.ts";
import { fromFailure, type ThreadFailure } from "../thread-failure.ts";

/** Where members go: sealed, into the file in their order, and into its digest. */
export interface MemberSink {
  /** An empty buffer, when there is one; throws what went wrong with members before. */
  take(): Promise<Buffer>;
  write(member: FilledMember): void;
  /** Waits for everything. SHA-256 of all that was written, in hexadecimal. */
  finish(): Promise<string>;
  close(): Promise<void>;
}

/** Starting a thread costs more than hashing this many bytes. */
const WORTH_THREAD = 32 * 1024 * 1024;

/** One fills, one is written, one waits in between. */
const BUFFERS = 3;

/**
 * A sink of its own thread for a large file, so that members are sealed, hashed and written while the
 * next one is read and verified. Threads run what the build makes of the sources.
 */
export function openSink(file: FileHandle, expectedSize: number): MemberSink {
  const isBuilt = import.meta.url.endsWith(".js");
  const pays = expectedSize >= WORTH_THREAD && availableParallelism() > 1;
  return isBuilt && pays ? new ThreadSink(file) : new InlineSink(file);
}

class InlineSink implements MemberSink {
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  readonly #buffer = Buffer.alloc(MEMBER_BYTES);
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async take(): Promise<Buffer> {
    await this.#writing;
    return this.#buffer;
  }

  write(member: FilledMember): void {
    this.#writing = this.#write(sealMember(member), member.number * MEMBER_BYTES);
    this.#writing.catch(() => undefined);
  }

  async finish(): Promise<string> {
    await this.#writing;
    return this.#hash.digest("hex");
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    this.#hash.update(bytes);
    for (let done = 0; done < bytes.length;) {
      const left = bytes.length - done;
      const { bytesWritten } = await this.#file.write(bytes, done, left, position + done);
      done += bytesWritten;
    }
  }
}

/** What the thread is told: a member, whose memory it gets, or that there are no more. */
export type SinkOrder =
  { readonly memory: ArrayBuffer; readonly payload: number; readonly number: number } | "finish";

/** What the thread answers, once for each order: the memory back, or the digest. */
export type SinkAnswer =
  | { readonly memory: ArrayBuffer }
  | { readonly digest: string }
  | { readonly failure: ThreadFailure };

class ThreadSink implements MemberSink {
  readonly #worker: Worker;
  readonly #free: ArrayBuffer[] = Array.from(
    { length: BUFFERS },
    () => new ArrayBuffer(MEMBER_BYTES),
  );
  #digest: string | undefined;
  #failure: Error | undefined;
  /** Wakes whoever waits for the next answer. */
  #wake: () => void = () => undefined;

  constructor(file: FileHandle) {
    const url = new URL("./member-sink-worker.js", import.meta.url);
    this.#worker = new Worker(url, { workerData: { fd: file.fd } });
    this.#worker.on("message", (answer: SinkAnswer) => this.#note(answer));
    this.#worker.on("error", (error) => this.#fail(error));
  }

  async take(): Promise<Buffer> {
    await this.#until(() => this.#free.length > 0);
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(MEMBER_BYTES));
  }

  write({ buffer, payload, number }: FilledMember): void {
    const memory = buffer.buffer as ArrayBuffer;
    const order: SinkOrder = { memory, payload, number };
    this.#worker.postMessage(order, [memory]);
  }

  async finish(): Promise<string> {
    this.#worker.postMessage("finish" satisfies SinkOrder);
    await this.#until(() => this.#digest !== undefined);
    return this.#digest ?? "";
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
    this.#fail(new Error("the file was closed"));
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (this.#failure === undefined && !isTrue()) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #note(answer: SinkAnswer): void {
    if ("memory" in answer) this.#free.push(answer.memory);
    else if ("digest" in answer) this.#digest = answer.digest;
    else this.#fail(fromFailure(answer.failure));
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
