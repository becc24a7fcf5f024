import type { ContentOptions } from "../../content/content.ts";
import { DrayError, RegistryError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, digestOf, parseDigest, type Digest } from "../../oci/digest.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { isManifestType, isSchema1Type, MediaType } from "../../oci/media-type.ts";
import type { TransportResponse } from "../http/transport.ts";
import { digestIn, typeIn } from "./manifest-headers.ts";
import type { ManifestRequests } from "./manifest-requests.ts";

/**
 * What a tag or digest stands for now.
 * @throws RegistryError `DRAY_REGISTRY_NOT_FOUND`, DrayError `DRAY_MANIFEST_UNSUPPORTED`
 */
export async function resolveManifest(
  manifests: ManifestRequests,
  reference: string,
  options: ContentOptions,
): Promise<Descriptor> {
  const found =
    (await findManifest(manifests, reference, options)) ??
    // Registries that fetch from others first have nothing to say to HEAD.
    (await findByReading(manifests, reference, options));
  const { name } = manifests.client;
  if (found === undefined) {
    throw new RegistryError(
      "DRAY_REGISTRY_NOT_FOUND",
      `Cannot find ${manifests.named(reference)} at ${name}: there is no such manifest`,
      {
        status: 404,
        kind: "refused",
        hint: "Check the spelling, and whether this account may see it.",
      },
    );
  }
  if (!isSchema1Type(found.mediaType)) return found;
  throw new DrayError(
    "DRAY_MANIFEST_UNSUPPORTED",
    `Cannot use ${manifests.named(reference)} from ${name}: it is a Docker schema 1 manifest, which no current runtime accepts`,
    { kind: "refused", hint: "Push the image again with a current tool, or leave it out." },
  );
}

/** As `resolveManifest`, but undefined for what is not there, and a type that nobody understands. */
export async function findManifest(
  manifests: ManifestRequests,
  reference: string,
  options: ContentOptions,
): Promise<Descriptor | undefined> {
  const head = await manifests.head(reference, options);
  if (head.status === 404) return undefined;
  // Old registries leave headers out, and some answer no HEAD at all.
  const described = head.status === 200 ? describe(head) : undefined;
  const found = described ?? (await findByReading(manifests, reference, options));
  if (found === undefined || !isDigest(reference)) return found;
  return pinned(found, parseDigest(reference), manifests);
}

async function findByReading(
  manifests: ManifestRequests,
  reference: string,
  { signal }: ContentOptions,
): Promise<Descriptor | undefined> {
  const { response, bytes } = await manifests.read(reference, { accept: [200, 404], signal });
  if (response.status === 404) return undefined;
  const algorithm = isDigest(reference) ? algorithmOf(parseDigest(reference)) : "sha256";
  const what = `${manifests.named(reference)} from ${manifests.client.name}`;
  if (typeIn(response) === MediaType.ociArtifact) throw withdrawn(what);
  const mediaType =
    manifestTypeIn(response) ??
    parseManifest(bytes, { mediaType: MediaType.ociManifest, what }).mediaType;
  return { mediaType, digest: digestOf(bytes, algorithm), size: bytes.length };
}

/** What is asked for by digest is that digest, whatever a header says. */
function pinned(found: Descriptor, digest: Digest, manifests: ManifestRequests): Descriptor {
  const isComparable = algorithmOf(found.digest) === algorithmOf(digest);
  if (!isComparable || found.digest === digest) return { ...found, digest };
  throw new DrayError(
    "DRAY_CONTENT_MISMATCH",
    `Cannot use ${manifests.named(digest)} from ${manifests.client.name}: it answers with ${found.digest}`,
    { kind: "refused" },
  );
}

/** A descriptor out of the headers of an answer, if they say enough. */
function describe(response: TransportResponse): Descriptor | undefined {
  const digest = digestIn(response);
  const length = response.header("content-length");
  const mediaType = manifestTypeIn(response);
  if (digest === undefined || length === undefined || mediaType === undefined) return undefined;
  const size = Number(length);
  return Number.isSafeInteger(size) && size > 0 ? { mediaType, digest, size } : undefined;
}

/** The type of manifest that an answer announces; servers of plain files announce others. */
function manifestTypeIn(response: TransportResponse): string | undefined {
  const mediaType = typeIn(response);
  return isManifestType(mediaType) || isSchema1Type(mediaType) ? mediaType : undefined;
}

function withdrawn(what: string): DrayError {
  return new DrayError(
    "DRAY_MANIFEST_UNSUPPORTED",
    `Cannot use ${what}: it is an OCI artifact manifest, which was withdrawn before version 1.1 of the specification`,
    {
      kind: "refused",
      hint: "Push it again with a current version of the tool that made it: as an image manifest with an artifactType.",
    },
  );
}

/** No tag has a colon, every digest has one. */
function isDigest(reference: string): boolean {
  return reference.includes(":");
}
