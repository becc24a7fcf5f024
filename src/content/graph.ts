import {
  missingSubject,
  notAsNeeded,
  notDistributable,
  tooDeep,
  typeConflict,
  unsupportedRoot,
} from "./graph-findings.ts";
import { walkManifests, type Step } from "./walk.ts";
import { DrayError } from "../errors.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { Annotation } from "../oci/image-layout.ts";
import {
  MAX_INDEX_DEPTH,
  blobsOf,
  parseManifest,
  type ImageManifest,
  type Manifest,
} from "../oci/manifest.ts";
import { isImageConfigType, isManifestType, isNonDistributableType } from "../oci/media-type.ts";
import { formatPlatform, isRunnable, parseConfigPlatform, type Platform } from "../oci/platform.ts";

/** One entry of `index.json` and all that it needs. */
export interface Root {
  readonly descriptor: Descriptor;
  /** Its full reference, where it has one. */
  readonly name: string | undefined;
  readonly manifest: Manifest;
  /** Every blob of the graph once, the root included. */
  readonly blobs: ReadonlyMap<Digest, Descriptor>;
  /** `os/architecture[/variant]` of what can run, sorted. */
  readonly platforms: readonly string[];
  /** Bytes of all blobs. */
  readonly size: number;
}

export interface LayoutGraph {
  readonly roots: readonly Root[];
  /** Manifests, indexes and configs: what describes the rest. */
  readonly metadata: ReadonlySet<Digest>;
  readonly reachable: ReadonlyMap<Digest, Descriptor>;
  readonly findings: readonly Finding[];
}

/** A root by its name: whoever looks for many must not go through all of them each time. */
export function byName({ roots }: Pick<LayoutGraph, "roots">): ReadonlyMap<string, Root> {
  return new Map(roots.toReversed().map((root) => [root.name ?? "", root]));
}

/** What graphs are read from: a bundle, or a registry before anything is pulled. */
export interface GraphSource {
  /** Bytes that are there under this digest, undefined for none. */
  sizeOf(descriptor: Descriptor): number | undefined;
  /** A manifest or config, whole. */
  read(descriptor: Descriptor): Promise<Buffer>;
}

/** Follows everything that `roots` need; what is missing or wrong becomes findings. */
export async function readGraph(
  source: GraphSource,
  roots: readonly Descriptor[],
): Promise<LayoutGraph> {
  const reader = new GraphReader(source);
  const found: Root[] = [];
  for (const descriptor of roots) {
    const root = await reader.root(descriptor);
    if (root !== undefined) found.push(root);
  }
  const { metadata, reachable, findings } = reader;
  return { roots: found, metadata, reachable, findings: [...findings.values()] };
}

/** The graph of one root while it is followed. */
interface Walk {
  readonly name: string;
  readonly blobs: Map<Digest, Descriptor>;
  readonly platforms: Set<string>;
}

class GraphReader {
  readonly metadata = new Set<Digest>();
  readonly reachable = new Map<Digest, Descriptor>();
  /** By code and entry: a blob that ten images share is reported once. */
  readonly findings = new Map<string, Finding>();
  readonly #source: GraphSource;
  readonly #manifests = new Map<Digest, Manifest | undefined>();

  constructor(source: GraphSource) {
    this.#source = source;
  }

  async root(descriptor: Descriptor): Promise<Root | undefined> {
    const annotations = descriptor.annotations ?? {};
    const name = annotations[Annotation.containerdName] ?? annotations[Annotation.refName];
    const walk: Walk = {
      name: name ?? descriptor.digest,
      blobs: new Map(),
      platforms: new Set(),
    };
    if (!isManifestType(descriptor.mediaType)) {
      this.#report(unsupportedRoot(walk.name, descriptor));
      return undefined;
    }
    let manifest: Manifest | undefined;
    const read = (found: Descriptor, depth: number): Promise<Manifest | undefined> =>
      this.#manifest(found, depth, walk);
    for await (const step of walkManifests(descriptor, read)) {
      manifest ??= step.manifest;
      await this.#visit(step, walk);
    }
    if (manifest === undefined) return undefined;
    const size = [...walk.blobs.values()].reduce((sum, blob) => sum + blob.size, 0);
    const platforms = [...walk.platforms].toSorted();
    return { descriptor, name, manifest, blobs: walk.blobs, platforms, size };
  }

  async #manifest(
    descriptor: Descriptor,
    depth: number,
    walk: Walk,
  ): Promise<Manifest | undefined> {
    if (!this.#isPresent(descriptor, walk)) return undefined;
    this.metadata.add(descriptor.digest);
    if (depth > MAX_INDEX_DEPTH) {
      this.#report(tooDeep(walk.name));
      return undefined;
    }
    return this.#parsed(descriptor, walk);
  }

  async #visit({ descriptor, manifest }: Step, walk: Walk): Promise<void> {
    const { subject } = manifest;
    if (subject !== undefined && this.#source.sizeOf(subject) === undefined) {
      this.#report(missingSubject(walk.name, subject));
    }
    if (manifest.kind === "manifest") await this.#notePlatform(manifest, descriptor, walk);
    for (const blob of blobsOf(manifest)) {
      if (this.#isPresent(blob, walk) && isNonDistributableType(blob.mediaType)) {
        this.#report(notDistributable(walk.name, blob));
      }
    }
  }

  /** Notes a blob as needed; false if it is missing or has the wrong size. */
  #isPresent(needed: Descriptor, walk: Walk): boolean {
    const { digest, size, mediaType } = needed;
    walk.blobs.set(digest, { digest, size, mediaType });
    this.reachable.set(digest, { digest, size, mediaType });
    const found = this.#source.sizeOf({ digest, size, mediaType });
    if (found !== size) this.#report(notAsNeeded(walk.name, needed, found));
    return found === size;
  }

  async #parsed(descriptor: Descriptor, walk: Walk): Promise<Manifest | undefined> {
    const { digest, mediaType } = descriptor;
    if (this.#manifests.has(digest)) return this.#manifests.get(digest);
    const manifest = await this.#orFinding(descriptor, (raw) =>
      parseManifest(raw, { mediaType, what: `manifest ${digest}` }),
    );
    this.#manifests.set(digest, manifest);
    if (manifest !== undefined && manifest.mediaType !== mediaType) {
      this.#report(typeConflict(walk.name, descriptor, manifest.mediaType));
    }
    return manifest;
  }

  /** An index says what its children run on, a single image says it in its config. */
  async #notePlatform(
    { config }: ImageManifest,
    descriptor: Descriptor,
    walk: Walk,
  ): Promise<void> {
    this.metadata.add(config.digest);
    const platform = descriptor.platform ?? (await this.#configPlatform(config));
    if (platform !== undefined && isRunnable(platform))
      walk.platforms.add(formatPlatform(platform));
  }

  /** Configs of unknown types are not parsed (image-spec, manifest.md, `config`). */
  async #configPlatform(config: Descriptor): Promise<Platform | undefined> {
    if (!isImageConfigType(config.mediaType)) return undefined;
    if (this.#source.sizeOf(config) !== config.size) return undefined;
    return this.#orFinding(config, (raw) => parseConfigPlatform(raw, config.digest));
  }

  /** Reads and parses a small blob; what is refused is reported, what cannot be read is thrown. */
  async #orFinding<T>(descriptor: Descriptor, parse: (raw: Buffer) => T): Promise<T | undefined> {
    try {
      return parse(await this.#source.read(descriptor));
    } catch (error) {
      if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
      this.#report(findingOf(error, descriptor.digest));
      return undefined;
    }
  }

  #report(finding: Finding): void {
    const key = `${finding.code} ${finding.entry ?? finding.message}`;
    if (!this.findings.has(key)) this.findings.set(key, finding);
  }
}
