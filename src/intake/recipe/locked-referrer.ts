import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatReference, type Reference } from "../../oci/reference.ts";

/** Which of what refers to an image is packed with it. */
export type ReferrerChoice = "all" | "signatures" | "none";

/** Something that was packed because it refers to something else that was. */
export interface LockedReferrer {
  /** With the tag that cosign gave it, else by its digest. */
  readonly reference: Reference;
  readonly subject: Digest;
  readonly descriptor: Descriptor;
}

/** The names of those that are not there any more. */
export function referrersLeft(
  before: readonly LockedReferrer[] = [],
  now: readonly LockedReferrer[] = [],
): string[] {
  const names = new Set(now.map(({ reference }) => formatReference(reference)));
  return before.map(({ reference }) => formatReference(reference)).filter((one) => !names.has(one));
}
