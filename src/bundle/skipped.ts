import type { Finding } from "../finding.ts";

export type Skipped = SkippedImage | SkippedKind;

/** An image that was not packed. */
export interface SkippedImage {
  /** In full. */
  readonly image: string;
  /** A chart of the bundle needs it, with the values that it was packed with. */
  readonly needed: boolean;
  readonly reason: string;
}

/** A kind of custom resources of which somebody has said that no image has to be found for it. */
export interface SkippedKind {
  /** `group/Kind`. */
  readonly kind: string;
  readonly reason: string;
}

/** What has left something out on purpose. */
interface LeavingOut {
  readonly skipped?: readonly Skipped[] | undefined;
}

/** What whoever has the bundle must know of what is not in it. */
export function checkSkipped({ skipped = [] }: LeavingOut): Finding[] {
  return skipped.map((one) => {
    if ("kind" in one) {
      const message = `${one.kind}: settled: ${one.reason}`;
      return { code: "CUSTOM_RESOURCE", severity: "info", message };
    }
    const { image, needed, reason } = one;
    return {
      code: "IMAGE_SKIPPED",
      severity: needed ? "warning" : "info",
      message: `${image}${needed ? " is needed, and" : ""} was left out on purpose: ${reason}`,
      entry: image,
    };
  });
}

/** The images that are not there, by their full reference. */
export function skippedImages({ skipped = [] }: LeavingOut): ReadonlyMap<string, SkippedImage> {
  return new Map(skipped.flatMap((one) => ("image" in one ? [[one.image, one] as const] : [])));
}

/** What was said of kinds of custom resources, by `group/Kind`. */
export function settledKinds({ skipped = [] }: LeavingOut): ReadonlyMap<string, string> {
  return new Map(
    skipped.flatMap((one) => ("kind" in one ? [[one.kind, one.reason] as const] : [])),
  );
}
