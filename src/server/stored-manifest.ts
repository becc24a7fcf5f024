import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childrenOf, type Manifest } from "../oci/manifest.ts";

/** What is remembered of a manifest; its bytes stay where they are stored. */
export interface StoredManifest {
  /** Media type, digest, size, and the artifact type that a referrers list shows. */
  readonly descriptor: Descriptor;
  /** The manifests that it names, if it is an index. */
  readonly children: readonly Digest[];
  readonly subject?: Digest | undefined;
}

export function describeManifest(manifest: Manifest, digest: Digest): StoredManifest {
  return {
    descriptor: {
      mediaType: manifest.mediaType,
      digest,
      size: manifest.raw.length,
      artifactType: effectiveArtifactType(manifest),
    },
    children: childrenOf(manifest).map((child) => child.digest),
    subject: manifest.subject?.digest,
  };
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
function effectiveArtifactType(manifest: Manifest): string | undefined {
  if (manifest.artifactType !== undefined && manifest.artifactType !== "") {
    return manifest.artifactType;
  }
  return manifest.kind === "manifest" ? manifest.config.mediaType : undefined;
}
