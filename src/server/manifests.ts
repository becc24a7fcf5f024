import { readVerified } from "../content/verify.ts";
import { algorithmOf, digestOf, type Digest } from "../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { parseManifest, type Manifest } from "../oci/manifest.ts";
import { isTag } from "../oci/reference.ts";
import { ApiError, manifestUnknown, reasonOf } from "./api-error.ts";
import { bodyOf } from "./chunk.ts";
import {
  locationOf,
  requireRepository,
  sendBytes,
  sendEmpty,
  untimed,
  writerOf,
  type Exchange,
} from "./exchange.ts";
import { requireChildren } from "./require-children.ts";
import type { ServedRepository } from "./served-repository.ts";
import { requireDigest } from "./route.ts";
import type { StoredManifest } from "./stored-manifest.ts";

interface ManifestRoute {
  readonly name: string;
  /** A tag or a digest. */
  readonly reference: string;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
export async function readManifest(exchange: Exchange, route: ManifestRoute): Promise<void> {
  const { catalog } = exchange;
  const repository = requireRepository(exchange, route.name);
  const { descriptor } = findManifest(repository, route.reference);
  sendBytes(exchange, await readVerified(catalog.blobs, descriptor), {
    "Content-Type": descriptor.mediaType,
    "Docker-Content-Digest": descriptor.digest,
    ETag: `"${descriptor.digest}"`,
  });
}

/** @throws ApiError `MANIFEST_UNKNOWN` */
function findManifest(repository: ServedRepository, reference: string): StoredManifest {
  const digest = isDigest(reference) ? requireDigest(reference) : repository.tag(reference)?.digest;
  const found = digest === undefined ? undefined : repository.manifest(digest);
  if (found === undefined) throw manifestUnknown(reference.slice(0, 200));
  return found;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests */
export async function putManifest(exchange: Exchange, route: ManifestRoute): Promise<void> {
  const writer = writerOf(exchange);
  const { name } = route;
  const tags = tagsOf(exchange, route.reference);
  const raw = await bodyUpTo(exchange, MAX_MANIFEST_BYTES);
  const digest = checkedDigest(raw, route.reference);
  const manifest = parse(raw, exchange.request.headers["content-type"]);
  await requireChildren(manifest, exchange.catalog, name);
  await untimed(exchange.request, () => writer.putManifest(name, manifest, { digest, tags }));
  sendEmpty(exchange, 201, {
    Location: locationOf(exchange, `${name}/manifests/${digest}`),
    "Docker-Content-Digest": digest,
    ...(manifest.subject === undefined ? {} : { "OCI-Subject": manifest.subject.digest }),
    ...(isDigest(route.reference) && tags.length > 0 ? { "OCI-Tag": tags.join(", ") } : {}),
  });
}

/** The tag in the path, or those that `?tag=` gives to a manifest that is put by digest. */
function tagsOf({ query }: Exchange, reference: string): readonly string[] {
  const tags = isDigest(reference) ? query.getAll("tag") : [reference];
  const wrong = tags.find((tag) => !isTag(tag));
  if (wrong === undefined) return [...new Set(tags)];
  throw new ApiError("MANIFEST_INVALID", "invalid tag", { detail: { tag: wrong.slice(0, 200) } });
}

async function bodyUpTo({ request }: Exchange, maxBytes: number): Promise<Buffer> {
  const tooLarge = new ApiError("MANIFEST_INVALID", `a manifest has at most ${maxBytes} bytes`, {
    status: 413,
  });
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyOf(request)) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws ApiError `DIGEST_INVALID` */
function checkedDigest(raw: Buffer, reference: string): Digest {
  if (!isDigest(reference)) return digestOf(raw);
  const wanted = requireDigest(reference);
  const found = digestOf(raw, algorithmOf(wanted));
  if (found === wanted) return wanted;
  throw new ApiError("DIGEST_INVALID", "provided digest did not match uploaded content", {
    detail: { wanted, found },
  });
}

/**
 * A manifest of another type than the ones that are understood is refused: what it needs could not
 * be kept together with it.
 *
 * @throws ApiError `MANIFEST_INVALID`
 */
function parse(raw: Buffer, contentType: string | undefined): Manifest {
  const announced = (contentType ?? "").split(";")[0]?.trim() ?? "";
  let manifest: Manifest;
  try {
    manifest = parseManifest(raw, { mediaType: announced, what: "manifest" });
  } catch (error) {
    throw new ApiError("MANIFEST_INVALID", reasonOf(error));
  }
  if (announced === "" || announced === manifest.mediaType) return manifest;
  throw new ApiError(
    "MANIFEST_INVALID",
    `expected Content-Type ${manifest.mediaType}, as the manifest says`,
    { detail: { found: announced.slice(0, 200) } },
  );
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-management */
export async function deleteManifest(exchange: Exchange, route: ManifestRoute): Promise<void> {
  const writer = writerOf(exchange);
  const repository = requireRepository(exchange, route.name);
  const { reference } = route;
  const deleted = isDigest(reference)
    ? await writer.deleteManifest(repository, requireDigest(reference))
    : await writer.deleteTag(repository, reference);
  if (!deleted) throw manifestUnknown(reference.slice(0, 200));
  sendEmpty(exchange, 202, {});
}

/** No tag has a colon, every digest has one. */
function isDigest(reference: string): boolean {
  return reference.includes(":");
}
