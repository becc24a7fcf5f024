import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, encodedOf, type Digest } from "../oci/digest.ts";
import { kindOf, type Artifact } from "./artifact.ts";
import type { Assembled } from "./assemble.ts";
import {
  isPlainName,
  MAX_PLACES,
  type DeltaBase,
  type DeltaBlob,
  type DeltaDocument,
} from "./delta-document.ts";
import type { BundleArtifact } from "./format.ts";

/**
 * What is on the other side already, as far as somebody says. A push asks before it relies on any of it.
 */
export interface Base {
  readonly about: DeltaBase;
  /** Where a blob is, if it is there. */
  find(descriptor: Descriptor): Held | undefined;
  /** What it knows of the names of `artifacts`: true if one stands for this, false if for something else. */
  standing(artifacts: readonly BundleArtifact[]): Standing;
  /** True of a plain file that is there with this sum. */
  hasFile(path: string, sha256: string): boolean;
}

export type Standing = ReadonlyMap<BundleArtifact, boolean>;

export interface Held {
  /** Who has it. */
  readonly by: DeltaBase;
  /** At the target. */
  readonly repositories: readonly string[];
  /** What was packed with it, in full. */
  readonly references: readonly string[];
}

/** What of a bundle does not travel. */
export interface Delta {
  readonly document: DeltaDocument;
  readonly leftOut: ReadonlySet<Digest>;
  /** Bytes that stay behind. */
  readonly bytes: number;
}

/** What is read on the way as a document travels again up to this size: policies and lists of contents need it. */
const MAX_DESCRIBING_BYTES = 1024 * 1024;

/**
 * Says which blobs need not travel because a base has them: none of the manifests, configs, charts and
 * signatures, so that everything but the layers can be looked into where the delta arrives.
 * Undefined if that is nothing.
 */
export function leaveOut(
  { blobs }: Assembled,
  artifacts: readonly Artifact[],
  bases: readonly Base[],
): Delta | undefined {
  const staying = describing(artifacts);
  const listed = new Map<DeltaBase, number>();
  const left: DeltaBlob[] = [];
  for (const { descriptor } of blobs) {
    const { digest, size } = descriptor;
    // Its sum in the list would have to be known without it.
    if (staying.has(digest) || algorithmOf(digest) !== "sha256") continue;
    const held = firstThatHas(descriptor, bases);
    if (held === undefined) continue;
    const base = listed.get(held.by) ?? listed.size;
    listed.set(held.by, base);
    left.push({ digest, size, base, ...placesOf(held) });
  }
  if (left.length === 0) return undefined;
  return {
    document: { deltaVersion: 1, bases: [...listed.keys()], blobs: left },
    leftOut: new Set(left.map(({ digest }) => digest)),
    bytes: left.reduce((sum, { size }) => sum + size, 0),
  };
}

/** What a base has under the names of `artifacts`, as far as `digestAt` knows them. */
export function standingOf(
  artifacts: readonly BundleArtifact[],
  digestAt: (artifact: BundleArtifact) => Digest | undefined,
): Standing {
  const known = new Map<BundleArtifact, boolean>();
  for (const artifact of artifacts) {
    const digest = digestAt(artifact);
    if (digest !== undefined) known.set(artifact, digest === artifact.digest);
  }
  return known;
}

/**
 * True if every artifact, every blob and every file is there already, at each of the targets that bases
 * speak of: two of which each has a half do not make a whole.
 */
export function isAllThere(assembled: Assembled, bases: readonly Base[]): boolean {
  const named = bases.flatMap(({ about: { target } }) => target ?? []);
  // An inventory is of a registry, a receipt of what lies below a prefix of it.
  const targets = named.filter((one) => !named.some((other) => other.startsWith(`${one}/`)));
  if (targets.length === 0) return isAllAtOne(assembled, bases);
  return targets.every((target) => {
    const isOfIt = ({ about }: Base): boolean =>
      about.target === undefined ||
      target === about.target ||
      target.startsWith(`${about.target}/`);
    return isAllAtOne(assembled, bases.filter(isOfIt));
  });
}

/**
 * True by the word of the bases together: a name may outlive what it needs. Of bases that have a name for
 * different things nobody knows which came last: a tag may have been moved back.
 */
function isAllAtOne({ document, plain, blobs }: Assembled, bases: readonly Base[]): boolean {
  const said = bases.map((base) => base.standing(document.artifacts));
  const isThere = (artifact: BundleArtifact): boolean =>
    said.some((names) => names.get(artifact) === true) &&
    said.every((names) => names.get(artifact) !== false);
  if (!document.artifacts.every(isThere)) return false;
  if (blobs.some(({ descriptor }) => firstThatHas(descriptor, bases) === undefined)) return false;
  const listed = new Set(document.files.map(({ path }) => path));
  const files = plain.filter(({ path }) => listed.has(path));
  return files.every(({ path, descriptor: { digest } }) =>
    bases.some((base) => base.hasFile(path, encodedOf(digest))),
  );
}

function firstThatHas(descriptor: Descriptor, bases: readonly Base[]): Held | undefined {
  for (const base of bases) {
    const held = base.find(descriptor);
    if (held !== undefined) return held;
  }
  return undefined;
}

function placesOf(held: Held): Omit<DeltaBlob, "digest" | "size" | "base"> {
  const repositories = held.repositories.filter(isPlainName).slice(0, MAX_PLACES);
  const references = held.references.filter(isPlainName).slice(0, MAX_PLACES);
  return {
    ...(repositories.length === 0 ? {} : { repositories }),
    ...(references.length === 0 ? {} : { references }),
  };
}

const DOCUMENT = /json|dsse|in-toto|sigstore/i;

function describing(artifacts: readonly Artifact[]): ReadonlySet<Digest> {
  const found = new Set<Digest>();
  for (const artifact of artifacts) {
    const kind = kindOf(artifact);
    for (const { digest, mediaType, size } of artifact.root.blobs.values()) {
      const isSmall = size <= MAX_DESCRIBING_BYTES;
      const isDocument = kind === "referrer" || DOCUMENT.test(mediaType);
      if (kind === "chart" || (isSmall && isDocument)) found.add(digest);
    }
  }
  return found;
}
