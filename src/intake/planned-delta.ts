import type { Base, Delta } from "../bundle/base.ts";
import { formatBase } from "../bundle/delta-document.ts";

/** What of a bundle stays behind. */
export interface PlannedDelta {
  /** What it is compared with, for people. */
  readonly since: readonly string[];
  /** False if every artifact and file is there: then no bundle is written. */
  readonly isNew: boolean;
  /** Blobs that do not travel. */
  readonly blobs: number;
  /** Bytes of these. */
  readonly bytes: number;
}

/** What a plan says otherwise where some of the bundle stays behind; nothing where no base was named. */
export function deltaOf(
  { size }: { readonly size: number },
  delta: Delta | undefined,
  { bases, isNew }: { readonly bases: readonly Base[]; readonly isNew: boolean },
): { readonly size?: number; readonly delta?: PlannedDelta } {
  if (bases.length === 0) return {};
  const since = bases.map(({ about }) => formatBase(about));
  const { leftOut, bytes = 0 } = delta ?? {};
  return { size: size - bytes, delta: { since, isNew, blobs: leftOut?.size ?? 0, bytes } };
}
