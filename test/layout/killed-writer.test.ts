import { once as happened } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { digestOf, encodedOf } from "../../src/oci/digest.ts";
import { blobOf, blobsIn, holds, ingestOf, MIB, noted, untilWritten } from "./blobs.ts";
import { finished, startWriter } from "./writer-process.ts";

describe("killed while it writes", () => {
  it("a layout never has a wrong blob, and the next run goes on", async () => {
    const directory = join(await temporaryDirectory(), "layout");
    const seeds = Array.from({ length: 12 }, (_, index) => `killed-${index}`);
    const blobs = new Map(seeds.map((seed) => [seed, blobOf(seed)]));
    const right = new Set([...blobs.values()].map(({ expected }) => encodedOf(expected.digest)));
    for (let round = 0; round < 5; round++) {
      const child = startWriter(directory, { seeds: seeds.slice(0, 2 + round) });
      const ended = finished(child);
      if (round > 0) await Promise.race([happened(child.stdout, "data"), ended]);
      setTimeout(() => child.kill("SIGKILL"), Math.random() * (round === 0 ? 150 : 30));
      expect(await ended).toBe("");
      for (const name of await blobsIn(directory).catch(() => [])) {
        expect(right).toContain(name);
        const content = await readFile(join(directory, "blobs", "sha256", name));
        expect(encodedOf(digestOf(content))).toBe(name);
      }
    }
    const layout = await ImageLayout.create(directory);
    const offsets: number[] = [];
    for (const blob of blobs.values()) {
      if (!(await layout.exists(blob.expected)))
        await layout.push(blob.expected, noted(blob, offsets));
      expect(await holds(layout, blob)).toBe(true);
    }
    expect(await ingestOf(layout)).toEqual([]);
  });

  it("half of a blob is not fetched again", async () => {
    const directory = join(await temporaryDirectory(), "layout");
    const size = 4 * MIB;
    const child = startWriter(directory, { size, stop: size / 2, seeds: ["half"] });
    await untilWritten(directory, size / 2);
    child.kill("SIGKILL");
    await finished(child);
    const layout = await ImageLayout.create(directory);
    const blob = blobOf("half", size);
    const offsets: number[] = [];
    await layout.push(blob.expected, noted(blob, offsets));
    expect(offsets).toEqual([size / 2]);
    expect(await holds(layout, blob)).toBe(true);
  });
});
