import type { Hash } from "node:crypto";
import { DrayError } from "../errors.ts";
import type { Listener } from "../events.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, digestFrom, hasherFor } from "../oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import { parseManifest, type Manifest } from "../oci/manifest.ts";
import {
  collect,
  counted,
  discard,
  type Bytes,
  type ContentOptions,
  type FetchOptions,
  type Source,
} from "./content.ts";

export interface VerifyOptions {
  /** The place the content comes from, for messages. */
  readonly from: string;
  /** State after the bytes that were read before, when a transfer goes on in the middle. */
  readonly resumed?: { readonly hash: Hash; readonly size: number };
}

/**
 * Passes `content` on and ends only if it has the size and digest of `expected`. It stops at the
 * first byte too many.
 *
 * @throws DrayError `DRAY_CONTENT_MISMATCH`
 */
export async function* verified(
  content: Bytes | Iterable<Uint8Array>,
  expected: Descriptor,
  { from, resumed }: VerifyOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = resumed?.hash ?? hasherFor(expected.digest);
  let size = resumed?.size ?? 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > expected.size)
      throw mismatch(expected, from, `expected ${expected.size} bytes, found more`);
    hash.update(chunk);
    yield chunk;
  }
  if (size < expected.size) {
    throw mismatch(expected, from, `expected ${expected.size} bytes, found ${size}`);
  }
  const found = digestFrom(hash, algorithmOf(expected.digest));
  if (found !== expected.digest) throw mismatch(expected, from, `its content has digest ${found}`);
}

/**
 * As `verified`, for whoever cannot take back what was passed on: the last piece comes only when all
 * of the content is known to be right.
 */
export async function* verifiedBeforeEnd(
  content: Bytes,
  expected: Descriptor,
  options: VerifyOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array | undefined;
  for await (const chunk of verified(content, expected, options)) {
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (held !== undefined) yield held;
}

/**
 * Reads a small blob (manifest, index, config) whole and verified. What may have been damaged on its
 * way is read once more.
 * @throws DrayError `DRAY_CONTENT_MISMATCH`, `DRAY_CONTENT_TOO_LARGE`
 */
export async function readVerified(
  source: Source,
  expected: Descriptor,
  options: FetchOptions & { maxBytes?: number } = {},
): Promise<Buffer> {
  const { maxBytes = MAX_MANIFEST_BYTES, ...fetchOptions } = options;
  if (expected.size > maxBytes) {
    throw new DrayError(
      "DRAY_CONTENT_TOO_LARGE",
      `Cannot read ${expected.mediaType} ${expected.digest} from ${source.name}: expected at most ${maxBytes} bytes, found ${expected.size}`,
      { kind: "refused" },
    );
  }
  const open = (): Bytes => source.fetch(expected, { ...fetchOptions, reuse: false });
  const read = (): Promise<Buffer> => collect(verified(open(), expected, { from: source.name }));
  try {
    return await read();
  } catch (error) {
    if (!isMismatch(error)) throw error;
    return read();
  }
}

/** True if content came that is not what its descriptor says. */
export function isMismatch(error: unknown): boolean {
  return error instanceof DrayError && error.code === "DRAY_CONTENT_MISMATCH";
}

/** A manifest, verified and parsed. @throws DrayError as `readVerified` and `parseManifest` do */
export async function readManifest(
  source: Source,
  expected: Descriptor,
  options: ContentOptions = {},
): Promise<Manifest> {
  const { mediaType, digest } = expected;
  const raw = await readVerified(source, expected, options);
  return parseManifest(raw, { mediaType, what: `${digest} from ${source.name}` });
}

/**
 * Reads a blob of any size to its end. What is wrong with it is what it gives; what keeps it from
 * being read, such as a disk that fails, is thrown.
 */
export async function checkBlob(
  source: Source,
  expected: Descriptor,
  { onEvent, ...options }: ContentOptions & { readonly onEvent?: Listener | undefined } = {},
): Promise<Finding | undefined> {
  try {
    const content = counted(source.fetch(expected, { ...options, reuse: true }), onEvent);
    await discard(verified(content, expected, { from: source.name }));
    return undefined;
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return findingOf(error, expected.digest);
  }
}

function mismatch(expected: Descriptor, from: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_CONTENT_MISMATCH",
    `Cannot use ${expected.digest} from ${from}: ${reason}`,
    { kind: "refused" },
  );
}
