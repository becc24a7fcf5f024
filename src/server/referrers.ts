import { readVerified } from "../content/verify.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { parseManifest } from "../oci/manifest.ts";
import { MediaType } from "../oci/media-type.ts";
import { findRepository, sendBytes, type Exchange } from "./exchange.ts";
import type { BlobSource } from "./catalog.ts";
import type { StoredManifest } from "./stored-manifest.ts";

/** Referrers whose annotations are read for one answer. */
const MAX_PAGE = 500;

/** More than what an index needs around its entries. */
const ENVELOPE_BYTES = 200;

interface ReferrersRoute {
  readonly name: string;
  /** Of the subject. */
  readonly digest: Digest;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
export async function listReferrers(exchange: Exchange, route: ReferrersRoute): Promise<void> {
  const { query, catalog } = exchange;
  const repository = findRepository(exchange, route.name);
  const artifactType = query.get("artifactType") ?? "";
  const last = query.get("last") ?? "";
  const found = (repository?.referrersOf(route.digest) ?? []).filter(
    ({ descriptor }) =>
      descriptor.digest > last && (artifactType === "" || descriptor.artifactType === artifactType),
  );
  const manifests = await onePage(found, catalog.blobs);
  const end = manifests.at(-1)?.digest;
  const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
  sendBytes(exchange, Buffer.from(JSON.stringify(index)), {
    "Content-Type": MediaType.ociIndex,
    ...(artifactType === "" ? {} : { "OCI-Filters-Applied": "artifactType" }),
    ...(end === undefined || manifests.length === found.length
      ? {}
      : { Link: nextPage(route, artifactType, end) }),
  });
}

/** As many as fit into one manifest; the first one always does. */
async function onePage(
  found: readonly StoredManifest[],
  blobs: BlobSource,
): Promise<readonly Descriptor[]> {
  const page: Descriptor[] = [];
  let size = ENVELOPE_BYTES;
  for (const { descriptor } of found.slice(0, MAX_PAGE)) {
    const { mediaType, digest } = descriptor;
    const raw = await readVerified(blobs, descriptor);
    const { annotations } = parseManifest(raw, { mediaType, what: digest });
    const entry = { ...descriptor, annotations };
    size += Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (page.length > 0 && size > MAX_MANIFEST_BYTES) break;
    page.push(entry);
  }
  return page;
}

function nextPage({ name, digest }: ReferrersRoute, artifactType: string, last: Digest): string {
  const query = new URLSearchParams(artifactType === "" ? { last } : { artifactType, last });
  return `</v2/${name}/referrers/${digest}?${query.toString()}>; rel="next"`;
}
