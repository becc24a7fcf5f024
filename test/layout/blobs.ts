import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Content } from "../../src/content/content.ts";
import { contentOf } from "../../src/content/memory.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf, encodedOf } from "../../src/oci/digest.ts";

export const MIB = 1024 * 1024;

export interface Blob {
  readonly bytes: Buffer;
  readonly expected: Descriptor;
}

export function blobOf(seed: string, size = MIB): Blob {
  const bytes = seededBytes(seed, size);
  const expected = { mediaType: "application/octet-stream", digest: digestOf(bytes), size };
  return { bytes, expected };
}

/** Content that notes from where it is asked for. */
export function noted({ bytes }: Blob, offsets: number[]): Content {
  return {
    from: "source",
    open(offset) {
      offsets.push(offset);
      return contentOf(bytes, "source").open(offset);
    },
  };
}

export async function layoutIn(directory?: string): Promise<ImageLayout> {
  return ImageLayout.create(directory ?? join(await temporaryDirectory(), "layout"));
}

export async function blobsIn(directory: string): Promise<string[]> {
  return readdir(join(directory, "blobs", "sha256"));
}

export async function ingestOf(layout: ImageLayout): Promise<string[]> {
  return readdir(join(layout.directory, "ingest"));
}

/** True if exactly the right bytes stand under the blob's name. */
export async function holds(layout: ImageLayout, { bytes, expected }: Blob): Promise<boolean> {
  return (await readFile(layout.blobFile(expected.digest))).equals(bytes);
}

/** Puts a part there as an interrupted run leaves it. */
export async function leavePart(layout: ImageLayout, blob: Blob, bytes: Buffer): Promise<void> {
  const directory = join(layout.directory, "ingest");
  await mkdir(directory, { recursive: true });
  const name = `sha256-${encodedOf(blob.expected.digest)}.${"0".repeat(12)}`;
  await writeFile(join(directory, name), bytes);
}

/** Ends when so many bytes of the one blob that is on its way are on the disk. */
export async function untilWritten(directory: string, bytes: number): Promise<void> {
  const ingest = join(directory, "ingest");
  await expect
    .poll(async () => {
      const [part] = await readdir(ingest);
      return part === undefined ? -1 : (await stat(join(ingest, part))).size;
    })
    .toBeGreaterThanOrEqual(bytes);
}
