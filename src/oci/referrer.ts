import { algorithmOf, encodedOf, parseDigest, type Digest } from "./digest.ts";
import { isImageConfigType, isIndexType } from "./media-type.ts";
import type { Manifest } from "./manifest.ts";

/** What a manifest says that is about another. */
export interface Referrer {
  readonly subject: Digest;
  /** What it calls itself, or what its config or first layer is. */
  readonly artifactType: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/**
 * What a referrer is to people. `list`: the index of referrers that clients keep where a registry has
 * no API for them.
 */
export type ReferrerRole = "signature" | "attestation" | "sbom" | "list" | "referrer";

/** The endings of the tags under which cosign 2 keeps what is about a digest. */
export const COSIGN_ENDINGS = ["sig", "att", "sbom"] as const;

/** Where cosign 2 keeps the signature over a layer. */
export const COSIGN_SIGNATURE = "dev.cosignproject.cosign/signature";

/** `sha256-HEX`, with `.sig`, `.att` or `.sbom` for what cosign keeps, and other endings for others. */
const DIGEST_TAG = /^(sha256)-([a-f0-9]{64})(?:\.[\w.]+)?$/;

/** What something under such a tag is about; undefined for every other tag. */
export function subjectOfTag(tag: string): Digest | undefined {
  const [, algorithm, encoded] = DIGEST_TAG.exec(tag) ?? [];
  return algorithm === undefined ? undefined : parseDigest(`${algorithm}:${encoded ?? ""}`);
}

/**
 * The tag of the list of referrers in a registry that has no API for them.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function referrersTag(digest: Digest): string {
  return `${algorithmOf(digest).slice(0, 32)}-${encodedOf(digest).slice(0, 64)}`;
}

/** The tag of what cosign 2 keeps about a digest. */
export function cosignTag(digest: Digest, ending: string): string {
  return `${algorithmOf(digest)}-${encodedOf(digest)}.${ending}`;
}

interface Standing {
  readonly tag: string | undefined;
  /** That it runs on: an image that runs is an image, whatever else it says. */
  readonly platforms: readonly string[];
  /** What somebody else says that it is about, and the index had said before. */
  readonly told?: Digest | undefined;
}

/**
 * What a manifest is about, by its tag or its own word; of attestations of BuildKit by that of the index
 * that they stood in. Undefined for what stands for itself.
 */
export function referrerIn(
  manifest: Manifest,
  { tag, platforms, told }: Standing,
): Referrer | undefined {
  const named = tag === undefined ? undefined : subjectOfTag(tag);
  const own = platforms.length > 0 ? undefined : manifest.subject?.digest;
  const subject = named ?? own ?? (isBuildKitAttestation(manifest) ? told : undefined);
  if (subject === undefined) return undefined;
  const { annotations } = manifest;
  return { subject, artifactType: artifactTypeOf(manifest), annotations };
}

/** Where BuildKit says which image of an index an attestation in it is about: an annotation. */
export const ATTESTED_DIGEST = "vnd.docker.reference.digest";

/** A statement about something, in an envelope or as BuildKit puts it beside images. */
export const IN_TOTO = "application/vnd.in-toto+json";

/** What BuildKit puts beside the images of an index: statements, one layer each. */
function isBuildKitAttestation(manifest: Manifest): boolean {
  if (manifest.kind === "index" || manifest.layers.length === 0) return false;
  return manifest.layers.every(({ mediaType }) => mediaType === IN_TOTO);
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage */
export function artifactTypeOf(manifest: Manifest): string {
  if (manifest.artifactType !== undefined && manifest.artifactType !== "") {
    return manifest.artifactType;
  }
  if (manifest.kind === "index") return manifest.mediaType;
  const { config, layers } = manifest;
  // Cosign and BuildKit give an empty config of an image to what is none.
  return isImageConfigType(config.mediaType)
    ? (layers[0]?.mediaType ?? config.mediaType)
    : config.mediaType;
}

const SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle";

/** Of a statement that says nothing but that somebody has signed: what cosign 3 writes. */
export const SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1";

const ROLES: readonly (readonly [RegExp, ReferrerRole])[] = [
  [/^application\/vnd\.dev\.cosign\.simplesigning\.|\.cosign\.artifact\.sig\./, "signature"],
  [/^application\/vnd\.cncf\.notary\.signature$/, "signature"],
  [/dsse\.envelope|in-toto|\.cosign\.artifact\.att\./, "attestation"],
  [/spdx|cyclonedx|syft|sbom/i, "sbom"],
];

/** What something of this type is, told from what its descriptor or manifest says of it. */
export function roleOf({
  artifactType,
  annotations = {},
}: Omit<Referrer, "subject">): ReferrerRole {
  if (isIndexType(artifactType)) return "list";
  if (artifactType.startsWith(SIGSTORE_BUNDLE)) {
    const content = annotations["dev.sigstore.bundle.content"];
    const predicate = annotations["dev.sigstore.bundle.predicateType"];
    const isStatement = content === "dsse-envelope" && predicate !== SIGN_PREDICATE;
    return isStatement ? "attestation" : "signature";
  }
  return ROLES.find(([pattern]) => pattern.test(artifactType))?.[1] ?? "referrer";
}
