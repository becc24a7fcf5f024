import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { DrayError, type ErrorKind } from "../errors.ts";
import type { HashTask } from "./hash-content.ts";

/** More threads than this wait for the disk. */
const MAX_THREADS = 4;

/** Starting threads costs more than hashing this many bytes. */
const WORTH_THREADS = 64 * 1024 * 1024;

export type HashReply = { readonly id: number } & (
  | { readonly digests: string[] }
  | {
      readonly failure: {
        readonly message: string;
        readonly code?: string;
        readonly hint?: string | undefined;
        readonly kind?: ErrorKind;
      };
    }
);

interface Waiting {
  readonly resolve: (digests: string[]) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Bytes that it was told to hash and has not answered for. */
  load: number;
}

/** Hashes stretches of one carrier on several threads: SHA-256 is what verifying waits for. */
export class HashPool {
  readonly #path: string;
  readonly #threads: Thread[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Undefined where threads do not pay, or cannot start: they run what the build makes of the
   * sources, not the sources themselves.
   */
  static for(path: string, size: number): HashPool | undefined {
    const isBuilt = import.meta.url.endsWith(".js");
    const pays = size >= WORTH_THREADS && availableParallelism() > 1;
    return isBuilt && pays ? new HashPool(path) : undefined;
  }

  async hash(task: HashTask): Promise<string[]> {
    if (this.#threads.length === 0) this.#start();
    const [thread] = this.#threads.toSorted((a, b) => a.load - b.load);
    if (thread === undefined) throw new Error("a pool has threads");
    const id = this.#count++;
    thread.load += task.size;
    try {
      return await new Promise<string[]>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        thread.worker.postMessage({ id, task });
      });
    } finally {
      thread.load -= task.size;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
    this.#failAll(new Error("the carrier was closed"));
  }

  #start(): void {
    const file = new URL("./hash-worker.js", import.meta.url);
    for (let count = Math.min(availableParallelism(), MAX_THREADS); count > 0; count--) {
      const worker = new Worker(file, { workerData: { path: this.#path } });
      worker.on("message", (reply: HashReply) => this.#settle(reply));
      worker.on("error", (error) => this.#failAll(error));
      this.#threads.push({ worker, load: 0 });
    }
  }

  #settle(reply: HashReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("digests" in reply) waiting?.resolve(reply.digests);
    else waiting?.reject(toError(reply.failure));
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function toError({
  code,
  message,
  ...options
}: Extract<HashReply, { failure: unknown }>["failure"]): Error {
  return code === undefined ? new Error(message) : new DrayError(code, message, options);
}
