import type { Evidence } from "../discover/discovery.ts";
import type { RenderedImage } from "../discover/rendered-images.ts";
import type { RenderedFile } from "../helm/render/render.ts";
import { formatReference, type Reference } from "../oci/reference.ts";

/** A place in what a chart prints where an image is named. */
export interface Spot {
  /** The same when only names of images change. */
  readonly key: string;
  /** Helm's name of the file that prints it. */
  readonly file: string;
  /** As `formatReference` writes it. */
  readonly image: string;
  readonly reference: Reference;
  /** As it stands there; a part of it where it is put together of several fields. */
  readonly written: string;
  readonly evidence: Evidence;
}

/** What an object is called whatever is in it: some have a hash of that in their names. */
export function lastingName(object: string): string {
  return object.replace(/-(?=[a-f]*[0-9])[0-9a-f]{8,64}$/, "");
}

/**
 * The images of all files, without those that only look like one. A name without a tag counts where its
 * registry is written out: who is told of it adds the tag, and pulls.
 */
export function toSpots(
  printed: readonly { readonly file: RenderedFile; readonly images: readonly RenderedImage[] }[],
): ReadonlyMap<string, Spot> {
  const spots = new Map<string, Spot>();
  for (const { file, images } of printed) {
    const counts = new Map<string, number>();
    for (const { sighting, evidence } of images) {
      const { hasHost, pinned } = sighting.image;
      if (evidence.class === "suspect" && (pinned || !hasHost)) continue;
      const place = `${file.file.name}\n${lastingName(evidence.object ?? "")}\n${evidence.where ?? ""}`;
      const count = counts.get(place) ?? 0;
      counts.set(place, count + 1);
      const { reference } = sighting.image;
      const key = `${place}\n${count}`;
      const image = formatReference(reference);
      spots.set(key, {
        key,
        file: file.file.name,
        image,
        reference,
        written: sighting.text,
        evidence,
      });
    }
  }
  return spots;
}
