import type { Content, ContentOptions } from "../../content/content.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { TransportResponse } from "../http/transport.ts";
import { RegistryError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import { isLinkLocal } from "../http/address.ts";
import type { Scopes } from "./token-purse.ts";
import type { RegistryClient } from "./client.ts";

const MIN_COMMIT_TIMEOUT = 60_000;
const MAX_COMMIT_TIMEOUT = 15 * 60_000;
/** Bytes a second that the slowest of disks hashes and moves. */
const COMMIT_RATE = 4 * 1024 * 1024;

/**
 * Milliseconds to wait for the answer to the last request of an upload: before it, the registry hashes
 * and moves the blob. A small one fits into the buffers of a connection that nobody reads from.
 */
export function commitTimeout({ size }: Descriptor): number {
  return Math.min(MIN_COMMIT_TIMEOUT + (size / COMMIT_RATE) * 1000, MAX_COMMIT_TIMEOUT);
}

/** A repository that is written to. */
export interface WrittenRepository {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly scopes: Scopes;
}

/** Where a blob goes. */
export interface UploadTarget extends WrittenRepository {
  /** Asks the registry whether it has the blob by now. */
  isPresent(): Promise<boolean>;
}

export interface BlobUpload extends ContentOptions {
  readonly expected: Descriptor;
  readonly content: Content;
  /** Another repository of the same registry that has the blob. */
  readonly mountFrom: string | undefined;
}

/** What one request of an upload is for, and whose end ends it. */
interface SessionRequest {
  /** `start upload of blob sha256:… to team/app`. */
  readonly action: string;
  readonly signal: AbortSignal | undefined;
  /** @default true */
  readonly retry?: boolean;
}

/** An open upload: where the next request goes, and how small a chunk may be. */
export interface Session {
  readonly location: URL;
  readonly minChunk: number;
  /** Bytes that the registry has already, from the first on. */
  readonly received: number;
}

/** Begins an upload. @throws RegistryError, also `DRAY_REGISTRY_LOCATION` for where it may not go on */
export async function openSession(
  { client, repository, scopes }: WrittenRepository,
  request: SessionRequest,
): Promise<Session> {
  const response = await client.request({
    ...request,
    method: "POST",
    path: `${repository}/blobs/uploads/`,
    scopes,
    headers: { "content-length": "0" },
    accept: [202],
  });
  await response.discard();
  return sessionOf(response);
}

/** Frees what the registry holds for an upload (end-14); not every registry cancels. */
export async function cancelSession(
  { client, scopes }: WrittenRepository,
  { location }: Session,
  request: SessionRequest,
): Promise<void> {
  const response = await client.request({
    ...request,
    method: "DELETE",
    path: location,
    scopes,
    accept: [200, 202, 204, 400, 404, 405],
    retry: false,
  });
  await response.discard();
}

/** The session that an answer opened or moved on: always the newest `Location` counts. */
export function sessionOf(response: TransportResponse): Session {
  const minChunk = Number(response.header("oci-chunk-min-length") ?? 0);
  return {
    location: uploadUrl(response.header("location"), response.url),
    minChunk: Number.isSafeInteger(minChunk) && minChunk > 0 ? minChunk : 0,
    received: 0,
  };
}

/**
 * Where an upload goes on: the `Location` of the answer to `asked`, relative or absolute. Proxies
 * lose scheme and port of their own host; another host gets the blob and no credentials.
 *
 * @throws RegistryError `DRAY_REGISTRY_LOCATION`
 */
export function uploadUrl(location: string | undefined, asked: URL): URL {
  // An empty one would be the address that was asked.
  if (location === undefined || location === "") throw refused(asked, "there is none");
  if (!URL.canParse(location, asked.href)) throw refused(asked, "it cannot be read");
  const url = new URL(location, asked);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused(asked, url.protocol);
  if (url.hostname === asked.hostname) return atHome(url, asked);
  if (asked.protocol === "https:" && url.protocol === "http:") {
    throw refused(asked, `${url.host} without encryption`);
  }
  if (isLinkLocal(url)) throw refused(asked, `${url.host}, an address inside some network`);
  return url;
}

function atHome(url: URL, asked: URL): URL {
  if (asked.protocol === "https:") url.protocol = "https:";
  if (url.port === "" && url.protocol === asked.protocol) url.port = asked.port;
  return url;
}

/** Adds `digest=` to an address whose own query must not be touched. */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search += `${url.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`;
  return url;
}

function refused(asked: URL, reason: string): RegistryError {
  return new RegistryError(
    "DRAY_REGISTRY_LOCATION",
    `Cannot upload to ${asked.host}: it sends the upload to an address that is refused: ${reason}`,
    {
      status: 0,
      kind: "refused",
      hint: "The registry, or a proxy before it, has to name the address that clients use: it must pass Host, X-Forwarded-Proto and Location.",
    },
  );
}
