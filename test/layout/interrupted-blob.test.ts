import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Bytes, Content } from "../../src/content/content.ts";
import { contentOf } from "../../src/content/memory.ts";
import { LATE_MS, openFilesLate } from "../late-files.ts";
import { blobOf, holds, ingestOf, layoutIn, leavePart, MIB, noted, untilWritten } from "./blobs.ts";

/** Content that ends before a file can be open, each in its own way. */
const MOMENTS: readonly (readonly [
  when: string,
  source: (bytes: Buffer, stop: AbortController) => Bytes,
])[] = [
  ["at its start", (bytes) => heedful(bytes, AbortSignal.abort(new Error("enough")))],
  [
    "in its middle",
    async function* (bytes) {
      yield bytes.subarray(0, 100);
      throw new Error("enough");
    },
  ],
  [
    "because it is told to, and heeds it",
    async function* (bytes, stop) {
      stop.abort(new Error("enough"));
      yield* heedful(bytes, stop.signal);
    },
  ],
  [
    "because it is told to, and does not heed it",
    async function* (bytes, stop) {
      stop.abort(new Error("enough"));
      yield bytes;
    },
  ],
  [
    "because it is told to when all has come",
    async function* (bytes, stop) {
      yield bytes;
      stop.abort(new Error("enough"));
    },
  ],
];

async function* heedful(bytes: Buffer, signal: AbortSignal): Bytes {
  await turn();
  signal.throwIfAborted();
  yield bytes;
}

async function stopAfter(turns: number, stop: AbortController): Promise<void> {
  for (let passed = 0; passed < turns; passed++) await turn();
  stop.abort(new Error("enough"));
}

describe("an interrupted blob", () => {
  it("leaves what came so far, and the next try asks for the rest only", async () => {
    const layout = await layoutIn();
    const blob = blobOf("interrupted");
    const half: Content = {
      from: "source",
      async *open(): Bytes {
        yield blob.bytes.subarray(0, MIB / 2);
        await untilWritten(layout.directory, MIB / 2);
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
        await untilWritten(layout.directory, MIB / 4);
        stop.abort(new Error("enough"));
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

  it.each(MOMENTS)(
    "that ends %s, before its file is open, leaves nothing",
    async (_when, source) => {
      const layout = await layoutIn();
      const blob = blobOf("not yet open", 1000);
      openFilesLate();
      const stop = new AbortController();
      const content: Content = { from: "source", open: () => source(blob.bytes, stop) };
      await expect(layout.push(blob.expected, content, { signal: stop.signal })).rejects.toThrow(
        "enough",
      );
      await pause(3 * LATE_MS);
      expect(await ingestOf(layout)).toEqual([]);
      expect(await layout.exists(blob.expected)).toBe(false);
    },
  );

  it("stopped at any turn of the event loop leaves nothing", async () => {
    const layout = await layoutIn();
    openFilesLate();
    const whole = await Promise.all(
      Array.from({ length: 40 }, async (_, turns) => {
        const { bytes, expected } = blobOf(`stopped at turn ${turns}`, 1000);
        const stop = new AbortController();
        const content: Content = { from: "source", open: () => heedful(bytes, stop.signal) };
        const [pushed] = await Promise.allSettled([
          layout.push(expected, content, { signal: stop.signal }),
          stopAfter(turns, stop),
        ]);
        return [pushed.status === "fulfilled", await layout.exists(expected)];
      }),
    );
    await pause(3 * LATE_MS);
    expect(await ingestOf(layout)).toEqual([]);
    for (const [told, there] of whole) expect(there).toBe(told);
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
