import type { ArtifactKind } from "../bundle/format.ts";
import type { Digest } from "../oci/digest.ts";
import { pairItems, type Pair } from "./pair.ts";
import type { DiffSide, Item, Side } from "./side.ts";

/** Two things of which the second takes the place of the first. */
export interface ItemChange {
  readonly kind: ArtifactKind | "file";
  readonly old: ComparedItem;
  readonly new: ComparedItem;
  /** `version`: another tag or version. `content`: the same name stands for something else. */
  readonly change: "version" | "content";
  /** The digests are known and the same: nothing but the name is new. */
  readonly sameContent: boolean;
  readonly platformsLost: readonly string[];
  readonly platformsGained: readonly string[];
}

export interface ComparedItem {
  readonly kind: ArtifactKind | "file";
  readonly reference: string;
  readonly version: string;
  readonly digest?: Digest | undefined;
  readonly platforms?: readonly string[] | undefined;
}

/** What a chart needs now and did not, or the other way round. */
export interface ChartNeeds {
  readonly chart: string;
  readonly old: string;
  readonly new: string;
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** Bytes of content, each blob and file once. */
export interface ByteChange {
  readonly added: number;
  readonly shared: number;
  readonly removed: number;
}

export interface Comparison {
  readonly added: readonly ComparedItem[];
  readonly removed: readonly ComparedItem[];
  readonly changed: readonly ItemChange[];
  /** How many are as before. */
  readonly unchanged: number;
  /** Undefined where a side does not know its blobs. */
  readonly bytes: ByteChange | undefined;
  /** Undefined where a side does not know who has signed. */
  readonly signers: { added: readonly string[]; removed: readonly string[] } | undefined;
  /** Charts of which the images differ. */
  readonly needs: readonly ChartNeeds[];
  /** What could not be compared, and why. */
  readonly notCompared: readonly string[];
}

/** What changed from one release to another. */
export interface Changes extends Comparison {
  readonly old: DiffSide;
  readonly new: DiffSide;
  /** True if nothing is added, removed or changed, and nobody else has signed. */
  readonly same: boolean;
}

/** A side, and where it was found. */
type PlacedSide = Side & { readonly path: string };

/** Compares two releases; `path` is what each was given as. */
export async function compareSides(before: PlacedSide, now: PlacedSide): Promise<Changes> {
  const comparison = await compare(before, now);
  const { added, removed, changed, needs, signers } = comparison;
  const signed = signers === undefined ? [] : [...signers.added, ...signers.removed];
  const same = [added, removed, changed, needs, signed].every((list) => list.length === 0);
  return { old: identify(before), new: identify(now), ...comparison, same };
}

/** What `now` holds and `before` did not, the other way round, and what is another. */
async function compare(before: Side, now: Side): Promise<Comparison> {
  const { pairs, added, removed } = pairItems(before.items, now.items);
  const changed = pairs.map(changeOf).filter((change) => change !== undefined);
  const { needs, notCompared } = await compareNeeds(pairs);
  return {
    added: added.map(compared),
    removed: removed.map(compared),
    changed,
    unchanged: pairs.length - changed.length,
    bytes: compareBytes(before, now),
    signers: compareSigners(before, now),
    needs,
    notCompared: [...unknownOf(before, now), ...pairs.flatMap(uncertain), ...notCompared],
  };
}

function identify({ path, form, name, version, digest, signedBy }: PlacedSide): DiffSide {
  return { path, form, name, version, digest, signedBy };
}

function compared({ kind, reference, version, digest, platforms }: Item): ComparedItem {
  return { kind, reference, version, digest, platforms };
}

function changeOf({ old, now }: Pair): ItemChange | undefined {
  const isSame = isSameContent(old, now);
  const change = old.version === now.version ? "content" : "version";
  if (change === "content" && isSame !== false) return undefined;
  const [had = [], has = []] = [old.platforms, now.platforms];
  const areKnown = old.platforms !== undefined && now.platforms !== undefined;
  return {
    kind: now.kind,
    old: compared(old),
    new: compared(now),
    change,
    sameContent: isSame === true,
    platformsLost: areKnown ? without(had, has) : [],
    platformsGained: areKnown ? without(has, had) : [],
  };
}

/** Undefined if the two have no digest of the same thing. */
function isSameContent(old: Item, now: Item): boolean | undefined {
  if (old.digest !== undefined && now.digest !== undefined) return old.digest === now.digest;
  if (old.content !== undefined && now.content !== undefined) return old.content === now.content;
  return undefined;
}

function uncertain({ old, now }: Pair): string[] {
  if (old.version !== now.version || isSameContent(old, now) !== undefined) return [];
  return [`content of ${now.kind} ${now.reference}: the two have no digest of the same thing`];
}

function compareBytes({ blobs: had }: Side, { blobs: has }: Side): ByteChange | undefined {
  if (had === undefined || has === undefined) return undefined;
  const bytes = { added: 0, shared: 0, removed: 0 };
  for (const [digest, size] of has) bytes[had.has(digest) ? "shared" : "added"] += size;
  for (const [digest, size] of had) if (!has.has(digest)) bytes.removed += size;
  return bytes;
}

function compareSigners({ signedBy: had }: Side, { signedBy: has }: Side): Comparison["signers"] {
  if (had === undefined || has === undefined) return undefined;
  return { added: without(has, had), removed: without(had, has) };
}

async function compareNeeds(
  pairs: readonly Pair[],
): Promise<{ needs: ChartNeeds[]; notCompared: string[] }> {
  const needs: ChartNeeds[] = [];
  const notCompared: string[] = [];
  for (const { old, now } of pairs) {
    if (now.kind !== "chart") continue;
    const problem = incomparable(old, now);
    if (problem !== undefined) notCompared.push(`images that chart ${now.place} needs: ${problem}`);
    if (problem !== undefined || old.needs === undefined || now.needs === undefined) continue;
    // The same chart with its own values needs the same: it need not be searched.
    const isAsBefore = old.needs.values === "default" && isSameContent(old, now) === true;
    if (isAsBefore) continue;
    const [had, has] = [await old.needs.images(), await now.needs.images()];
    const change = { gained: without(has, had), lost: without(had, has) };
    if (change.gained.length + change.lost.length === 0) continue;
    needs.push({ chart: now.place, old: old.version, new: now.version, ...change });
  }
  return { needs, notCompared };
}

function incomparable({ needs: old }: Item, { needs: now }: Item): string | undefined {
  if (old === undefined || now === undefined) return "a receipt does not tell them";
  if (old.values === now.values) return undefined;
  return "a lock has them for the values it was packed with, a bundle for the chart's own";
}

function unknownOf(before: Side, now: Side): string[] {
  const forms = new Set([before.form, now.form]);
  const lock = "a lock does not tell them";
  return forms.has("lock") ? [`platforms, bytes, plain files and signers: ${lock}`] : [];
}

function without(list: readonly string[], others: readonly string[]): string[] {
  return list.filter((one) => !others.includes(one));
}
