import type { ImageClass, Unknown } from "../../discover/discovery.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Reference } from "../../oci/reference.ts";

/** What was found in a chart when it was packed. */
export interface LockedSearch {
  /** Of what is in the chart. */
  readonly chart: Digest;
  /** Of the values and whatever else the search was told. */
  readonly question: Digest;
  /** What stood in the way of finding needed images, and what was said of that. */
  readonly unknowns: readonly Unknown[];
  readonly images: readonly LockedImage[];
}

export interface LockedImage {
  readonly reference: Reference;
  readonly class: ImageClass;
}
