import type { Content, ContentOptions } from "../../content/content.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Scopes } from "./token-purse.ts";
import type { RegistryClient } from "./client.ts";
import type { TransportResponse } from "../http/transport.ts";
import { uploadUrl } from "./upload-url.ts";

/** The registry hashes and moves a blob before it answers the last request. */
export const COMMIT_TIMEOUT = 15 * 60_000;

/** Where a blob goes. */
export interface UploadTarget {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly scopes: Scopes;
  /** Asks the registry whether it has the blob by now. */
  isPresent(): Promise<boolean>;
}

export interface Upload extends ContentOptions {
  readonly expected: Descriptor;
  readonly content: Content;
  /** Another repository of the same registry that has the blob. */
  readonly mountFrom: string | undefined;
}

/** An open upload: where the next request goes, and how small a chunk may be. */
export interface Session {
  readonly location: URL;
  readonly minChunk: number;
}

/** The session that an answer opened or moved on: always the newest `Location` counts. */
export function sessionOf(response: TransportResponse): Session {
  const minChunk = Number(response.header("oci-chunk-min-length") ?? 0);
  return {
    location: uploadUrl(response.header("location"), response.url),
    minChunk: Number.isSafeInteger(minChunk) && minChunk > 0 ? minChunk : 0,
  };
}
