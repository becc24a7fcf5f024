import type { Digest } from "./digest.ts";
import type { Platform } from "./platform.ts";

/**
 * What is known of a blob before it is read. Read out of a checked document, or made by
 * code that has the content in its hands.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  readonly urls?: readonly string[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly artifactType?: string | undefined;
  readonly platform?: Platform | undefined;
}
