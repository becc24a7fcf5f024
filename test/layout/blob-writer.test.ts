import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seededBytes } from "../../fixtures/images.ts";
import { contentOf } from "../../src/content/memory.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { blobOf, blobsIn, holds, ingestOf, layoutIn } from "./blobs.ts";

describe("a blob", () => {
  it("is there with the right bytes, and nothing else is left", async () => {
    const layout = await layoutIn();
    for (const blob of [blobOf("a"), blobOf("b", 0), blobOf("c", 1)]) {
      await layout.push(blob.expected, contentOf(blob.bytes, "memory"));
      expect(await layout.exists(blob.expected)).toBe(true);
      expect(await holds(layout, blob)).toBe(true);
    }
    expect(await ingestOf(layout)).toEqual([]);
    await layout.close();
    expect(await readdir(layout.directory)).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  it("of sha512 stands below its own algorithm", async () => {
    const layout = await layoutIn();
    const bytes = seededBytes("sha512", 1000);
    const digest = digestOf(bytes, "sha512");
    await layout.push({ mediaType: "a/b", digest, size: 1000 }, contentOf(bytes, "memory"));
    expect(layout.blobFile(digest)).toContain(join("blobs", "sha512"));
    expect((await readFile(layout.blobFile(digest))).equals(bytes)).toBe(true);
  });

  it.each([
    ["a byte short", (bytes: Buffer) => bytes.subarray(1)],
    ["a byte too long", (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ["changed", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([1])])],
  ])("that comes %s is never there, and no part of it stays", async (_how, change) => {
    const layout = await layoutIn();
    const { bytes, expected } = blobOf("wrong");
    await expect(layout.push(expected, contentOf(change(bytes), "source"))).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
    expect(await layout.exists(expected)).toBe(false);
    expect([await blobsIn(layout.directory), await ingestOf(layout)]).toEqual([[], []]);
  });

  it("of another size under the right name counts as missing and is replaced", async () => {
    const layout = await layoutIn();
    const blob = blobOf("replaced");
    await writeFile(layout.blobFile(blob.expected.digest), "rotten");
    expect(await layout.exists(blob.expected)).toBe(false);
    await layout.push(blob.expected, contentOf(blob.bytes, "memory"));
    expect(await holds(layout, blob)).toBe(true);
  });
});

describe("a blob that is there", () => {
  it("keeps its time stamp: it is not written again by a copy", async () => {
    const layout = await layoutIn();
    const blob = blobOf("there");
    await layout.push(blob.expected, contentOf(blob.bytes, "memory"));
    const path = layout.blobFile(blob.expected.digest);
    await utimes(path, 1, 1);
    expect(await layout.exists(blob.expected)).toBe(true);
    expect((await stat(path)).mtimeMs).toBe(1000);
  });
});
