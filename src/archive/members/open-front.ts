import { availableParallelism } from "node:os";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { fromFailure, SMALL_HEAP, type ThreadFailure } from "../threads.ts";
import type { FileSums } from "./cut-hash.ts";
import { followFront, type Arrivals, type Arrived, type FrontPlan } from "./member-front.ts";

/** A front that runs. */
export interface Front {
  /** Says how far the content is there. */
  tell(arrived: Arrived): void;
  /** SHA-256 of the file, and of those that it is cut into, when all of it is sealed. */
  readonly digest: Promise<FileSums>;
  /** Ends it, wherever it is: the file may be closed when this resolves. */
  close(): Promise<void>;
}

export interface FrontOptions {
  /** Hears how many bytes of the file each sealed member has. */
  readonly onSealed: (bytes: number) => void;
  /** Bytes that are to come. */
  readonly expectedSize: number;
}

/** Starting a thread costs more than hashing this many bytes. */
const WORTH_THREAD = 32 * 1024 * 1024;

/**
 * A front in a thread of its own where there is much to come, so that members are sealed and hashed
 * while the rest arrives. Threads run what the build makes of the sources.
 */
export function openFront(plan: FrontPlan, { onSealed, expectedSize }: FrontOptions): Front {
  const isBuilt = import.meta.url.endsWith(".js");
  const pays = expectedSize >= WORTH_THREAD && availableParallelism() > 1;
  return isBuilt && pays ? threadFront(plan, onSealed) : inlineFront(plan, onSealed);
}

/** What the thread of a front tells. */
export type FrontNews =
  { readonly sealed: number } | { readonly digest: FileSums } | { readonly failure: ThreadFailure };

function threadFront(plan: FrontPlan, onSealed: (bytes: number) => void): Front {
  const worker = new Worker(new URL("./member-front-worker.js", import.meta.url), {
    workerData: plan,
    resourceLimits: SMALL_HEAP,
  });
  const digest = new Promise<FileSums>((resolve, reject) => {
    worker.on("message", (news: FrontNews) => {
      if ("sealed" in news) onSealed(news.sealed);
      else if ("digest" in news) resolve(news.digest);
      else reject(fromFailure(news.failure));
    });
    worker.on("error", reject);
    worker.on("exit", () => reject(new Error("the thread that seals the bundle has ended")));
  });
  digest.catch(() => undefined);
  return {
    tell: (arrived) => worker.postMessage(arrived),
    digest,
    close: async () => void (await worker.terminate()),
  };
}

function inlineFront(plan: FrontPlan, onSealed: (bytes: number) => void): Front {
  const arrivals = new LatestArrival();
  const digest = followFront(plan, arrivals, async (bytes) => {
    onSealed(bytes);
    // Whoever brings the content works on the same thread.
    await turn();
  });
  digest.catch(() => undefined);
  return {
    tell: (arrived) => arrivals.tell(arrived),
    digest,
    close: async () => {
      arrivals.stop();
      await digest.catch(() => undefined);
    },
  };
}

/** What was told last, until it is asked for. */
export class LatestArrival implements Arrivals {
  #latest: Arrived = { written: 0, verified: 0 };
  #isStopped = false;
  #wake: () => void = () => undefined;
  #news = this.#waiting();

  tell({ written, verified, rewound = false }: Arrived): void {
    const isRewound = rewound || this.#latest.rewound === true;
    this.#latest = { written, verified, rewound: isRewound };
    this.#wake();
  }

  now(): Arrived {
    if (this.#isStopped) throw new Error("nobody waits for the bundle any more");
    const told = this.#latest;
    this.#latest = { ...told, rewound: false };
    return told;
  }

  async next(): Promise<void> {
    await this.#news;
    this.#news = this.#waiting();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  #waiting(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
