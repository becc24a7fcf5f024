import type { Shelf } from "../bundle/blob-shelf.ts";
import type { Filled } from "../bundle/filling.ts";
import type { Bring, Place } from "../bundle/write-bundle.ts";
import { atMost, forAll, type Limit } from "../content/concurrency.ts";
import { watched, type Content, type Source } from "../content/content.ts";
import { isMismatch } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import type { Listener, Run } from "../events.ts";
import type { ImageLayout } from "../layout/layout.ts";
import type { Digest } from "../oci/digest.ts";
import { blobPath } from "../oci/image-layout.ts";
import type { Resolved } from "./resolve.ts";
import type { Stock } from "./stock.ts";

/** What lies in files of this machine: one is read while another is written. */
const LOCAL_CONCURRENCY = 2;

/** What everything is brought to, in events. */
const BUNDLE = "the bundle";

/**
 * Brings everything to its place in a bundle: from what is here already if it has it, else from where
 * it was resolved, as many at a time as each registry may be asked for.
 */
export function pull(resolved: readonly Resolved[], stock: Stock, { onEvent }: Run): Bring {
  const limits = new Map<Source, Limit>(resolved.map(({ source, limit }) => [source, limit]));
  const local = atMost(LOCAL_CONCURRENCY);
  const tally = new Tally(resolved, stock.leftOut, onEvent);
  return (places, signal) => {
    announce(places, resolved, onEvent);
    return forAll(places, signal, (place, either) => {
      const limit = limits.get(place.file.source) ?? local;
      return limit(async () => {
        either.throwIfAborted();
        const { descriptor, source, path } = place.file;
        if (!limits.has(source) || path !== blobPath(descriptor.digest)) {
          await place.fill(told(contentAt(source, place, either), place, onEvent));
          onEvent({ type: "copied", descriptor, target: BUNDLE });
          return;
        }
        const filled = await bringFetched({ place, stock, signal: either, onEvent });
        const type = filled === "filled" ? "copied" : "skipped";
        onEvent({ type, descriptor, target: BUNDLE });
        tally.arrived(descriptor.digest);
      });
    });
  };
}

/** Says what will come: every byte once, and the images, charts and files that it is of. */
function announce(
  places: readonly Place[],
  resolved: readonly Resolved[],
  onEvent: Listener,
): void {
  const coming = new Map(places.map(({ file: { descriptor } }) => [descriptor.digest, descriptor]));
  const artifacts = resolved.map(({ name, graph }) => {
    const blobs = [...graph.reachable].filter(([digest]) => coming.has(digest));
    return { name, target: BUNDLE, blobs: new Map(blobs) };
  });
  const files = places
    .filter(({ file: { path, descriptor } }) => path !== blobPath(descriptor.digest))
    .map(({ file: { path, descriptor } }) => {
      return { name: path, target: BUNDLE, blobs: new Map([[descriptor.digest, descriptor]]) };
    });
  const bytes = [...coming.values()].reduce((sum, { size }) => sum + size, 0);
  onEvent({ type: "stage", stage: "pack", bytes, items: [...artifacts, ...files] });
}

interface Work {
  readonly place: Place;
  readonly stock: Stock;
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
}

/** `filled` if it had to be fetched. */
async function bringFetched(work: Work): Promise<Filled> {
  const { place, stock, signal } = work;
  const { store } = stock;
  if (store !== undefined) return fillByStore(store, work);
  const fromShelf = await firstOf(stock.shelves, work, (shelf) =>
    place.fill(told(contentAt(shelf, place, signal), place, work.onEvent)),
  );
  return fromShelf === undefined ? place.fill(contentOf(work)) : "resumed";
}

/** What the first of these gives that has it whole: what was damaged since is had elsewhere. */
async function firstOf<T>(
  shelves: readonly Shelf[],
  { place: { file }, signal }: Work,
  take: (shelf: Shelf) => Promise<T>,
): Promise<T | undefined> {
  for (const shelf of shelves) {
    if (!(await shelf.exists(file.descriptor))) continue;
    try {
      return await take(shelf);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DrayError)) throw error;
    }
  }
  return undefined;
}

/** What a store has damaged is removed there and had anew. */
async function fillByStore(store: ImageLayout, work: Work): Promise<Filled> {
  const { place, signal } = work;
  const isNew = await keep(store, work);
  const stored = contentAt(store, place, signal);
  // What was fetched for the store was counted on its way there.
  const content = isNew ? stored : told(stored, place, work.onEvent);
  try {
    await place.fill(content);
    return isNew ? "filled" : "resumed";
  } catch (error) {
    signal.throwIfAborted();
    if (!isMismatch(error)) throw error;
    await store.remove(place.file.descriptor.digest);
    await keep(store, work);
    return place.fill(content);
  }
}

/** Has a store take what it does not have; true if that was fetched. */
async function keep(store: ImageLayout, work: Work): Promise<boolean> {
  const { place, stock, signal } = work;
  const { descriptor } = place.file;
  if (await store.exists(descriptor)) return false;
  const taken = await firstOf(stock.shelves, work, (shelf) =>
    store.push(descriptor, contentAt(shelf, place, signal), { signal }),
  );
  if (taken !== undefined) return false;
  return (await store.push(descriptor, contentOf(work), { signal })) === "copied";
}

/** Content from where it was resolved. */
function contentOf({ place, signal, onEvent }: Work): Content {
  return told(contentAt(place.file.source, place, signal), place, onEvent);
}

function told(content: Content, { file: { descriptor } }: Place, onEvent: Listener): Content {
  return watched(content, { descriptor, target: BUNDLE }, onEvent);
}

function contentAt(source: Source, { file }: Place, signal: AbortSignal): Content {
  return {
    from: source.name,
    open: (offset, options) => source.fetch(file.descriptor, { ...options, offset, signal }),
  };
}

/** Knows when all that one reference needs has arrived. */
class Tally {
  readonly #onEvent: Listener;
  readonly #missing = new Map<Resolved, number>();
  readonly #needing = new Map<Digest, Resolved[]>();

  constructor(
    resolved: readonly Resolved[],
    leftOut: ReadonlySet<Digest> | undefined,
    onEvent: Listener,
  ) {
    this.#onEvent = onEvent;
    for (const one of resolved) {
      const coming = [...one.graph.reachable.keys()].filter(
        (digest) => leftOut?.has(digest) !== true,
      );
      this.#missing.set(one, coming.length);
      for (const digest of coming) {
        const needing = this.#needing.get(digest);
        if (needing === undefined) this.#needing.set(digest, [one]);
        else needing.push(one);
      }
    }
  }

  arrived(digest: Digest): void {
    const needing = this.#needing.get(digest) ?? [];
    this.#needing.delete(digest);
    for (const one of needing) {
      const left = (this.#missing.get(one) ?? 0) - 1;
      this.#missing.set(one, left);
      if (left === 0) this.#onEvent({ type: "done", reference: one.name, result: "pulled" });
    }
  }
}
