import { setMaxListeners } from "node:events";
import pLimit from "p-limit";

/** Blobs moved at the same time: what dockerd and containerd do, and no registry minds. */
export const DEFAULT_CONCURRENCY = 3;

/** Runs a task when one of a bounded number of places is free. */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>;

/** At most `places` tasks at a time, in the order in which they were given. */
export function atMost(places: number): Limit {
  return pLimit(places);
}

/** Waits until nothing runs any more, then throws what failed first. */
export async function all<T>(running: readonly Promise<T>[]): Promise<T[]> {
  try {
    return await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
  }
}

/** Works on every item at once. The first failure stops the other work, and is what is thrown. */
export async function forAll<A, T>(
  items: readonly A[],
  signal: AbortSignal | undefined,
  work: (item: A, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const stop = new AbortController();
  const either = joinSignals(stop.signal, signal);
  return all(
    items.map(async (item) => {
      try {
        return await work(item, either);
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    }),
  );
}

/** As many as there may be connections: each has something to do, and what waits takes no memory yet. */
const BEGUN_AT_ONCE = 64;

/** As `forAll`, for items of any number: one is begun when another is done. */
export function forAllInTurn<A, T>(
  items: readonly A[],
  signal: AbortSignal | undefined,
  work: (item: A, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const limit = atMost(BEGUN_AT_ONCE);
  return forAll(items, signal, (item, either) =>
    limit(() => {
      either.throwIfAborted();
      return work(item, either);
    }),
  );
}

/** A signal that fires when one of both does; hundreds of transfers may listen to it. */
export function joinSignals(own: AbortSignal, outer: AbortSignal | undefined): AbortSignal {
  const either = AbortSignal.any(outer === undefined ? [own] : [own, outer]);
  setMaxListeners(0, either);
  return either;
}

/** Runs tasks of the same key one after another; keys do not wait for each other. */
export class OneAtATime<K> {
  readonly #last = new Map<K, Promise<unknown>>();

  async run<T>(key: K, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const running = before.then(task, task);
    this.#last.set(key, running);
    try {
      return await running;
    } finally {
      if (this.#last.get(key) === running) this.#last.delete(key);
    }
  }
}
