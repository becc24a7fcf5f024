import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Bytes, Content } from "../../src/content/content.ts";
import { contentOf } from "../../src/content/memory.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { blobOf, holds, ingestOf, layoutIn, MIB, noted } from "./blobs.ts";
import { finished, startWriter } from "./writer-process.ts";

describe("two writers of one blob", () => {
  it("in one process fetch it once", async () => {
    const layout = await layoutIn();
    const blob = blobOf("twice");
    const offsets: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, () => layout.push(blob.expected, noted(blob, offsets))),
    );
    expect(offsets).toEqual([0]);
    expect(await ingestOf(layout)).toEqual([]);
  });

  it("in one process do not share a failure", async () => {
    const layout = await layoutIn();
    const blob = blobOf("one fails");
    const wrong = contentOf(Buffer.alloc(MIB), "liar");
    const results = await Promise.allSettled([
      layout.push(blob.expected, wrong),
      layout.push(blob.expected, contentOf(blob.bytes, "honest")),
      layout.push(blob.expected, contentOf(blob.bytes, "honest too")),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(await holds(layout, blob)).toBe(true);
    expect(await ingestOf(layout)).toEqual([]);
  });

  it("in two layouts over one directory both succeed", async () => {
    const first = await layoutIn();
    const blob = blobOf("two layouts", 4 * MIB);
    const slow = (): Content => ({
      from: "source",
      async *open(offset): Bytes {
        for (let at = offset; at < blob.bytes.length; at += 256 * 1024) {
          yield blob.bytes.subarray(at, at + 256 * 1024);
          await pause(5);
        }
      },
    });
    const layouts = [first, ...(await Promise.all([1, 2, 3].map(() => layoutIn(first.directory))))];
    await Promise.all(
      layouts.map(async (layout, index) => {
        await pause(index * 30);
        await layout.push(blob.expected, slow());
      }),
    );
    expect(await holds(first, blob)).toBe(true);
    expect(await ingestOf(first)).toEqual([]);
  });

  it("in two processes both succeed", async () => {
    const directory = join(await temporaryDirectory(), "layout");
    const seeds = ["shared-1", "shared-2", "shared-3"];
    const children = [1, 2].map(() => startWriter(directory, { size: 2 * MIB, seeds }));
    expect(await Promise.all(children.map(finished))).toEqual(["", ""]);
    expect(children.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const layout = await ImageLayout.open(directory);
    for (const seed of seeds) {
      const { bytes, expected } = blobOf(seed, 2 * MIB);
      expect(await holds(layout, { bytes, expected })).toBe(true);
    }
    expect(await ingestOf(layout)).toEqual([]);
  });

  it("of which one comes after the other take what is there, and do not fetch it", async () => {
    const first = await layoutIn();
    const second = await layoutIn(first.directory);
    const blob = blobOf("overtaken", 2 * MIB);
    const offsets: number[] = [];
    const overtaken: Content = {
      from: "slow",
      async *open(offset): Bytes {
        offsets.push(offset);
        yield blob.bytes.subarray(offset, MIB);
        await second.push(blob.expected, contentOf(blob.bytes, "quick"));
        yield blob.bytes.subarray(MIB);
      },
    };
    await first.push(blob.expected, overtaken);
    expect(offsets).toEqual([0]);
    expect(await holds(first, blob)).toBe(true);
    expect(await ingestOf(first)).toEqual([]);
  });
});
