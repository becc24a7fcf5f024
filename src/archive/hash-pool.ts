import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { HashTask } from "./archive.ts";
import type { FilePiece, FileRange } from "./file-range.ts";
import { fromFailure, SMALL_HEAP, type ThreadFailure } from "./threads.ts";

/** Each costs some 25 MB of memory, and two hash faster than most disks read. */
const MAX_THREADS = 2;

/** Starting threads costs more than hashing this many bytes. */
const WORTH_THREADS = 64 * 1024 * 1024;

/** Content from this size on is worth the way to another thread. */
const LARGE_CONTENT = 1024 * 1024;

export type HashReply =
  | { readonly digests: string[] }
  | { readonly failure: ThreadFailure }
  /** Bytes more that were read of the same entry. */
  | { readonly read: number };

/** Where each thread finds the carrier. */
export interface Stretch {
  readonly pieces: readonly FilePiece[];
  readonly start: number;
  readonly size: number;
}

/** A stretch that nobody has answered for yet. */
interface Job {
  readonly task: HashTask;
  readonly onRead: (bytes: number) => void;
  readonly resolve: (digests: string[]) => void;
  readonly reject: (error: Error) => void;
}

/** Hashes stretches of one carrier on several threads: SHA-256 is what verifying waits for. */
export class HashPool {
  readonly #carrier: Stretch;
  readonly #threads: Worker[] = [];
  readonly #idle: Worker[] = [];
  /** What each busy thread works on: one stretch at a time, so that memory does not grow with them. */
  readonly #working = new Map<Worker, Job>();
  readonly #queue: Job[] = [];
  /** Why there are no threads any more. */
  #failure: Error | undefined;

  constructor(carrier: Stretch) {
    this.#carrier = carrier;
  }

  /**
   * Undefined where threads do not pay, or cannot start: they run what the build makes of the
   * sources, not the sources themselves.
   */
  static for({ pieces, start, size }: FileRange): HashPool | undefined {
    const isBuilt = import.meta.url.endsWith(".js");
    const pays = size >= WORTH_THREADS && availableParallelism() > 1;
    return isBuilt && pays && pieces !== undefined
      ? new HashPool({ pieces, start, size })
      : undefined;
  }

  /** Undefined where the way to another thread does not pay. */
  hash(task: HashTask, onRead: (bytes: number) => void): Promise<string[]> | undefined {
    if (task.size < LARGE_CONTENT) return undefined;
    // All others wait for what is most of the carrier: two threads share it, if there is more to do than to hash.
    return task.check !== false && task.size > this.#carrier.size / 2
      ? this.#hashByTwo(task, onRead)
      : this.#enqueue(task, onRead);
  }

  async #hashByTwo(task: HashTask, onRead: Job["onRead"]): Promise<string[]> {
    const [digests] = await Promise.all([
      this.#enqueue({ ...task, check: false }, onRead),
      this.#enqueue({ ...task, algorithms: [] }, () => undefined),
    ]);
    return digests;
  }

  #enqueue(task: HashTask, onRead: Job["onRead"]): Promise<string[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#threads.length === 0) this.#start();
    return new Promise<string[]>((resolve, reject) => {
      this.#queue.push({ task, onRead, resolve, reject });
      this.#assign();
    });
  }

  async close(): Promise<void> {
    this.#fail(new Error("the carrier was closed"));
    await Promise.all(this.#threads.map((worker) => worker.terminate()));
  }

  #start(): void {
    const file = new URL("./hash-worker.js", import.meta.url);
    for (let count = Math.min(availableParallelism(), MAX_THREADS); count > 0; count--) {
      const worker = new Worker(file, { workerData: this.#carrier, resourceLimits: SMALL_HEAP });
      worker.on("message", (reply: HashReply) => this.#settle(worker, reply));
      worker.on("error", (error) => this.#fail(error));
      this.#threads.push(worker);
      this.#idle.push(worker);
    }
  }

  #assign(): void {
    while (this.#queue.length > 0 && this.#idle.length > 0) {
      const job = this.#queue.shift();
      const worker = this.#idle.pop();
      if (job === undefined || worker === undefined) return;
      this.#working.set(worker, job);
      worker.postMessage(job.task);
    }
  }

  #settle(worker: Worker, reply: HashReply): void {
    const job = this.#working.get(worker);
    if ("read" in reply) {
      job?.onRead(reply.read);
      return;
    }
    this.#working.delete(worker);
    this.#idle.push(worker);
    this.#assign();
    if ("digests" in reply) job?.resolve(reply.digests);
    else job?.reject(fromFailure(reply.failure));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of [...this.#working.values(), ...this.#queue]) reject(error);
    this.#working.clear();
    this.#queue.length = 0;
  }
}
