import type { Descriptor } from "../oci/descriptor.ts";
import { Annotation } from "../oci/image-layout.ts";
import type { BundleArtifact } from "./format.ts";

/** What `index.json` says of an artifact: its descriptor under its full reference. */
export function indexEntry(
  { mediaType, digest, size }: Descriptor,
  { kind, reference }: Pick<BundleArtifact, "kind" | "reference">,
): Descriptor {
  const annotations = {
    ...(kind === "image" ? { [Annotation.containerdName]: reference } : {}),
    [Annotation.refName]: reference,
  };
  return { mediaType, digest, size, annotations };
}
