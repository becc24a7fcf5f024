import type { BundleParts, PlainFile } from "./contents.ts";
import { FORMAT_VERSION, type BundleArtifact, type BundleManifest } from "./format.ts";
import { indexEntry } from "./index-entry.ts";
import type { Root } from "../content/graph.ts";
import type { Source } from "../content/content.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { isImageConfigType } from "../oci/media-type.ts";
import { VERSION } from "../version.ts";

/** One thing that goes into a bundle under its own name. */
export interface Part {
  readonly reference: string;
  readonly root: Root;
  /** Blobs that describe rather than carry: they stand first. */
  readonly metadata: ReadonlySet<Digest>;
  /** What `bundle.json` says of it beyond the graph; `kind` is found out if it is not given. */
  readonly more?: Partial<BundleArtifact>;
}

export interface Assembly {
  readonly name: string;
  readonly version: string;
  readonly created: Date;
  readonly parts: readonly Part[];
  readonly plain: readonly PlainFile[];
  readonly files: readonly PlainFile[];
  /** Has every blob. */
  readonly source: Source;
}

/** Puts together what a bundle consists of. The same parts give the same result in any order. */
export function assemble(assembly: Assembly): BundleParts {
  const parts = assembly.parts.toSorted((a, b) => (a.reference < b.reference ? -1 : 1));
  const metadata = new Map<Digest, Descriptor>();
  const blobs = new Map<Digest, Descriptor>();
  for (const part of parts) {
    for (const descriptor of part.root.blobs.values()) {
      const group = part.metadata.has(descriptor.digest) ? metadata : blobs;
      group.set(descriptor.digest, descriptor);
    }
  }
  return {
    manifest: manifestOf(assembly, parts),
    roots: parts.map(namedRoot),
    metadata: [...metadata.values()],
    // A blob that describes one image may be a plain layer of another: it stands once, in front.
    blobs: [...blobs.values()].filter(({ digest }) => !metadata.has(digest)),
    source: assembly.source,
    plain: [...assembly.plain, ...assembly.files],
  };
}

function manifestOf(assembly: Assembly, parts: readonly Part[]): BundleManifest {
  const files = assembly.files.map(({ path, descriptor }) => ({ path, size: descriptor.size }));
  return {
    formatVersion: FORMAT_VERSION,
    name: assembly.name,
    version: assembly.version,
    created: assembly.created.toISOString().replace(/\.000Z$/, "Z"),
    generator: `dray ${VERSION}`,
    artifacts: parts.map(artifactOf),
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

function artifactOf({ reference, root, more }: Part): BundleArtifact {
  const { digest, mediaType } = root.descriptor;
  const platforms = root.platforms.length === 0 ? {} : { platforms: [...root.platforms] };
  return {
    kind: kindOf(root),
    reference,
    digest,
    mediaType,
    size: root.size,
    ...platforms,
    ...more,
  };
}

export function kindOf({ manifest }: Root): "image" | "artifact" {
  if (manifest.kind === "index") return "image";
  return isImageConfigType(manifest.config.mediaType) ? "image" : "artifact";
}

function namedRoot({ reference, root, more }: Part): Descriptor {
  return indexEntry(root.descriptor, { reference, kind: more?.kind ?? kindOf(root) });
}
