import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import type { Bytes, Content } from "./content.ts";

/** A document that was made here, with its descriptor. */
export interface Authored {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** Describes bytes that this program made or holds whole. */
export function authored(
  mediaType: string,
  bytes: Buffer,
  more: Partial<Pick<Descriptor, "annotations">> = {},
): Authored {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length, ...more }, bytes };
}

export function contentOf(bytes: Uint8Array, from: string): Content {
  return { from, open: (offset) => once(bytes.subarray(offset)) };
}

/** One piece of bytes as content. */
export async function* once(bytes: Uint8Array): Bytes {
  yield bytes;
}
