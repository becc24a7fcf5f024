import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once as happened } from "node:events";
import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Bytes, Content } from "../../src/content/content.ts";
import { contentOf } from "../../src/content/memory.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf, encodedOf } from "../../src/oci/digest.ts";
import { built } from "../built.ts";

const MIB = 1024 * 1024;
const PROGRAM = fileURLToPath(new URL("write-blobs.mjs", import.meta.url));

interface Blob {
  readonly bytes: Buffer;
  readonly expected: Descriptor;
}

function blobOf(seed: string, size = MIB): Blob {
  const bytes = seededBytes(seed, size);
  const expected = { mediaType: "application/octet-stream", digest: digestOf(bytes), size };
  return { bytes, expected };
}

/** Content that notes from where it is asked for. */
function noted({ bytes }: Blob, offsets: number[]): Content {
  return {
    from: "source",
    open(offset) {
      offsets.push(offset);
      return contentOf(bytes, "source").open(offset);
    },
  };
}

async function layoutIn(directory?: string): Promise<ImageLayout> {
  return ImageLayout.create(directory ?? join(await temporaryDirectory(), "layout"));
}

function startWriter(
  directory: string,
  { size = MIB, seeds }: { size?: number; seeds: readonly string[] },
): ChildProcessWithoutNullStreams {
  const module = built("src/layout/layout.js");
  const child = spawn(process.execPath, [PROGRAM, module, directory, String(size), ...seeds]);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function finished(child: ChildProcessWithoutNullStreams): Promise<string> {
  let errors = "";
  child.stderr.on("data", (text) => (errors += String(text)));
  child.stdout.resume();
  await happened(child, "close");
  return errors;
}

async function blobsIn(directory: string): Promise<string[]> {
  return readdir(join(directory, "blobs", "sha256"));
}

async function ingestOf(layout: ImageLayout): Promise<string[]> {
  return readdir(join(layout.directory, "ingest"));
}

/** True if exactly the right bytes stand under the blob's name. */
async function holds(layout: ImageLayout, { bytes, expected }: Blob): Promise<boolean> {
  return (await readFile(layout.blobFile(expected.digest))).equals(bytes);
}

/** Puts a part there as an interrupted run leaves it. */
async function leavePart(layout: ImageLayout, blob: Blob, bytes: Buffer): Promise<void> {
  const directory = join(layout.directory, "ingest");
  await mkdir(directory, { recursive: true });
  const name = `sha256-${encodedOf(blob.expected.digest)}.${"0".repeat(12)}`;
  await writeFile(join(directory, name), bytes);
}

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

describe("an interrupted blob", () => {
  it("leaves what came so far, and the next try asks for the rest only", async () => {
    const layout = await layoutIn();
    const blob = blobOf("interrupted");
    const half: Content = {
      from: "source",
      async *open(): Bytes {
        yield blob.bytes.subarray(0, MIB / 2);
        await pause(20);
        throw new Error("the line went dead");
      },
    };
    await expect(layout.push(blob.expected, half)).rejects.toThrow("the line went dead");
    expect(await ingestOf(layout)).toHaveLength(1);
    const offsets: number[] = [];
    await layout.push(blob.expected, noted(blob, offsets));
    expect(offsets).toEqual([MIB / 2]);
    expect(await holds(layout, blob)).toBe(true);
    expect(await ingestOf(layout)).toEqual([]);
  });

  it("stops when it is told to and can be gone on with", async () => {
    const layout = await layoutIn();
    const blob = blobOf("aborted");
    const stop = new AbortController();
    const endless: Content = {
      from: "source",
      async *open(): Bytes {
        yield blob.bytes.subarray(0, MIB / 4);
        await pause(20);
        stop.abort(new Error("enough"));
        await pause(20);
        yield blob.bytes.subarray(MIB / 4);
      },
    };
    await expect(layout.push(blob.expected, endless, { signal: stop.signal })).rejects.toThrow(
      "enough",
    );
    expect(await layout.exists(blob.expected)).toBe(false);
    const offsets: number[] = [];
    await layout.push(blob.expected, noted(blob, offsets));
    expect(offsets).toEqual([MIB / 4]);
  });

  it("leaves nothing where it was shorter than it is worth", async () => {
    const layout = await layoutIn();
    const blob = blobOf("short");
    const little: Content = {
      from: "source",
      async *open(): Bytes {
        yield blob.bytes.subarray(0, 1000);
        throw new Error("the line went dead");
      },
    };
    await expect(layout.push(blob.expected, little)).rejects.toThrow("the line went dead");
    expect(await ingestOf(layout)).toEqual([]);
  });

  it("whose part is whole needs nothing fetched", async () => {
    const layout = await layoutIn();
    const blob = blobOf("whole");
    await leavePart(layout, blob, blob.bytes);
    const offsets: number[] = [];
    await layout.push(blob.expected, noted(blob, offsets));
    expect(offsets).toEqual([]);
    expect(await holds(layout, blob)).toBe(true);
  });

  it.each([
    ["was changed on the disk", (bytes: Buffer) => Buffer.alloc(bytes.length / 2)],
    ["is whole and wrong", (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ["is longer than the blob", (bytes: Buffer) => Buffer.concat([bytes, bytes])],
    ["is empty", () => Buffer.alloc(0)],
  ])("whose part %s is fetched from its start", async (_how, change) => {
    const layout = await layoutIn();
    const blob = blobOf("rotten");
    await leavePart(layout, blob, change(blob.bytes));
    const offsets: number[] = [];
    await layout.push(blob.expected, noted(blob, offsets));
    expect(offsets.at(-1)).toBe(0);
    expect(await holds(layout, blob)).toBe(true);
    expect(await ingestOf(layout)).toEqual([]);
  });
});

describe("killed while it writes", () => {
  it("a layout never has a wrong blob, and the next run goes on", { timeout: 60_000 }, async () => {
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
    // Half of it takes the writer half a second: time enough to be killed.
    const size = 64 * MIB;
    const child = startWriter(directory, { size, seeds: ["half"] });
    for await (const text of child.stdout) {
      if (
        String(text)
          .split("\n")
          .some((line) => Number(line) > size / 2)
      )
        break;
    }
    child.kill("SIGKILL");
    await finished(child);
    const layout = await ImageLayout.create(directory);
    const blob = blobOf("half", size);
    const offsets: number[] = [];
    await layout.push(blob.expected, noted(blob, offsets));
    expect(offsets).toHaveLength(1);
    expect(offsets[0]).toBeGreaterThan(size / 4);
    expect(await holds(layout, blob)).toBe(true);
  });
});

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

describe("a part that another run left", () => {
  it("long ago is gone on with where it lies", async () => {
    const layout = await layoutIn();
    const blob = blobOf("long ago");
    await leavePart(layout, blob, blob.bytes.subarray(0, MIB / 2));
    const [part = ""] = await ingestOf(layout);
    const hourAgo = Date.now() / 1000 - 3600;
    await utimes(join(layout.directory, "ingest", part), hourAgo, hourAgo);
    const offsets: number[] = [];
    await layout.push(blob.expected, noted(blob, offsets));
    expect(offsets).toEqual([MIB / 2]);
    expect(await holds(layout, blob)).toBe(true);
    expect(await ingestOf(layout)).toEqual([]);
  });

  it("may still be written to by that run, and the blob stays right", async () => {
    const first = await layoutIn();
    const second = await layoutIn(first.directory);
    const blob = blobOf("sleeper", 2 * MIB);
    const lying: Content = {
      from: "a liar that slept",
      async *open(): Bytes {
        yield blob.bytes.subarray(0, MIB);
        await second.push(blob.expected, contentOf(blob.bytes, "honest"));
        yield Buffer.alloc(MIB);
        await pause(20);
      },
    };
    await expect(first.push(blob.expected, lying)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
    expect(await holds(first, blob)).toBe(true);
    expect(await ingestOf(first)).toEqual([]);
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
