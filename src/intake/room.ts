import { leftBehind } from "../bundle/earlier-part.ts";
import { requireAbsent } from "../bundle/bundle-output.ts";
import { requireSpace } from "../content/disk-space.ts";
import { requirePlace } from "../content/output-place.ts";
import { ImageLayout } from "../layout/layout.ts";
import type { Resolved } from "./resolve.ts";
import { missingBytes } from "./stock.ts";
import { reachable } from "./store.ts";

/** Where a pack would write to. */
interface Places {
  /** Directory of a content store. */
  readonly store?: string | undefined;
  /** File of the bundle. @default one in the directory of this process */
  readonly output?: string | undefined;
}

/** Bytes that a pack would write. */
interface Needed {
  readonly bundle: number;
  /** Into the store, if there is one. */
  readonly download: number;
}

/**
 * Whether what a pack without --force would fetch and write has a place, and room there.
 * @throws DrayError if it has not
 */
export async function requireRoom(
  resolved: readonly Resolved[],
  { store, output: given }: Places,
): Promise<Needed> {
  if (given !== undefined) {
    await requirePlace(given, "bundle");
    await requireAbsent(given);
  }
  const output = given ?? "bundle.tar.gz";
  const bundle = [...reachable(resolved)].reduce((sum, { size }) => sum + size, 0);
  const layout = store === undefined ? undefined : new ImageLayout(store);
  const download = await missingBytes(resolved, {
    shelves: [],
    store: layout,
    present: await leftBehind(output),
  });
  await requireSpace([
    ...(store === undefined ? [] : [{ path: store, bytes: download, purpose: "store" }]),
    { path: output, bytes: bundle, purpose: "bundle" },
  ]);
  return { bundle, download };
}
