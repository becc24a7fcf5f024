import type { Shelf } from "../bundle/blob-shelf.ts";
import { leftBehind } from "../bundle/earlier-part.ts";
import type { Run } from "../events.ts";
import { ImageLayout } from "../layout/layout.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { BundleName } from "./bundle-name.ts";
import type { Resolved } from "./resolve.ts";
import { openShelves } from "./shelf.ts";
import { reachable } from "./store.ts";

export interface StockOptions {
  /** Earlier bundles whose content is not fetched again. */
  readonly reuse?: readonly string[] | undefined;
  /** Directory of a content store. @default none */
  readonly store?: string | undefined;
}

/** What is on this machine already of what is to be packed. */
export interface Stock {
  /** Earlier bundles, asked in turn. */
  readonly shelves: readonly Shelf[];
  /** Where what is fetched is kept too, if somebody wants that. */
  readonly store: ImageLayout | undefined;
  /** Bytes of each blob in what an earlier run has left unfinished. */
  readonly present: ReadonlyMap<Digest, number>;
  /** What is on the other side already and does not go in. */
  readonly leftOut?: ReadonlySet<Digest> | undefined;
  close(): Promise<void>;
}

/** Looks for what earlier runs have brought; nothing is made or changed. */
export async function openStock(
  name: BundleName,
  { reuse = [], store }: StockOptions,
  run: Run,
): Promise<Stock> {
  const present = await leftBehind(name.output);
  const shelves = await openShelves(reuse, name, run);
  return {
    shelves: shelves.all,
    store: store === undefined ? undefined : new ImageLayout(store),
    present,
    close: () => shelves.close(),
  };
}

/** Bytes that have to be fetched, each blob counted once. */
export async function missingBytes(
  resolved: readonly Resolved[],
  { shelves, store, present, leftOut }: Omit<Stock, "close">,
): Promise<number> {
  const all = store === undefined ? shelves : [...shelves, store];
  let missing = 0;
  for (const descriptor of reachable(resolved)) {
    if (leftOut?.has(descriptor.digest) === true || (await hasOne(all, descriptor))) continue;
    missing += Math.max(0, descriptor.size - (present.get(descriptor.digest) ?? 0));
  }
  return missing;
}

async function hasOne(shelves: readonly Shelf[], descriptor: Descriptor): Promise<boolean> {
  for (const shelf of shelves) if (await shelf.exists(descriptor)) return true;
  return false;
}
