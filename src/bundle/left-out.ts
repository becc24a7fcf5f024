import type { GraphSource, LayoutGraph } from "../content/graph.ts";
import type { Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { blobPath } from "../oci/image-layout.ts";
import {
  formatBase,
  type DeltaBase,
  type DeltaBlob,
  type DeltaDocument,
} from "./delta-document.ts";
import type { Sums } from "./sums.ts";

/** A bundle of which some blobs stayed behind, because they are elsewhere. */
export interface OpenedDelta {
  readonly bases: readonly DeltaBase[];
  /** What is neither in it nor in a base that was named; of a delta whose head was read what it says so of. */
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  readonly descriptor: Descriptor;
  /** Who has it, by the word of whoever made the delta. */
  readonly base: DeltaBase | undefined;
  /** Repositories of the target in which it was. */
  readonly repositories: readonly string[];
  /** What was packed with it, in full. */
  readonly references: readonly string[];
}

/** Blobs that the list names, the archive has not, and the delta speaks of, by their path. */
export type Absent = ReadonlyMap<string, DeltaBlob>;

/** What is missing without a word of it was lost. */
export function absentBlobs(
  delta: DeltaDocument | undefined,
  { sums, view }: { sums: Sums; view: { has(path: string): boolean } },
): Absent {
  const absent = new Map<string, DeltaBlob>();
  for (const blob of delta?.blobs ?? []) {
    const path = blobPath(blob.digest);
    if (sums.has(path) && !view.has(path)) absent.set(path, blob);
  }
  return absent;
}

/** As if what was left out were there. */
export function withAbsent(view: GraphSource, absent: Absent): GraphSource {
  return {
    read: (descriptor) => view.read(descriptor),
    sizeOf: (descriptor) =>
      view.sizeOf(descriptor) ??
      (absent.has(blobPath(descriptor.digest)) ? descriptor.size : undefined),
  };
}

/** What may stay behind: blobs that images need, and nothing that describes them. */
export function leftOutOf(
  { bases }: DeltaDocument,
  absent: Absent,
  { reachable, metadata }: LayoutGraph,
): LeftOut[] {
  return [...absent.values()].flatMap(({ digest, base, repositories = [], references = [] }) => {
    const descriptor = reachable.get(digest);
    if (descriptor === undefined || metadata.has(digest)) return [];
    return [{ descriptor, base: bases[base], repositories, references }];
  });
}

/** What nobody here has seen, a line for each base. */
export function leftOutFindings(
  { leftOut }: OpenedDelta,
  severity: Finding["severity"],
): Finding[] {
  const byBase = new Map<DeltaBase | undefined, LeftOut[]>();
  for (const one of leftOut) {
    const known = byBase.get(one.base);
    if (known === undefined) byBase.set(one.base, [one]);
    else known.push(one);
  }
  return [...byBase].map(([base, blobs]) => {
    const bytes = blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    const some = blobs.length === 1 ? "1 blob" : `${blobs.length} blobs`;
    const who = base === undefined ? "a base that it does not name" : formatBase(base);
    return {
      code: "BLOBS_LEFT_OUT",
      severity,
      message: `A delta: ${some} of ${bytes} bytes stayed behind and could not be seen; ${who} has ${blobs.length === 1 ? "it" : "them"}`,
      hint: HINT,
    };
  });
}

const HINT =
  "--base BUNDLE names a bundle that has them: then both together are checked. `dray push` finds them at its target.";
