import { mkdir, rename, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ImageLayout } from "../../src/layout/layout.ts";
import { WriteBehind } from "../../src/server/write-behind.ts";
import { Running, scratch } from "./running.ts";

/** A state that takes a while to save. */
function slowState(): { value: number; saved: number[]; fail: boolean; write(): Promise<void> } {
  return {
    value: 0,
    saved: [],
    fail: false,
    async write() {
      const { value } = this;
      await delay(10);
      if (this.fail) throw new Error("disk full");
      this.saved.push(value);
    },
  };
}

function ignore(): void {}

describe("WriteBehind", () => {
  it("saves what has changed before saved() was called", async () => {
    const state = slowState();
    const writer = new WriteBehind(() => state.write(), ignore);
    for (const value of [1, 2, 3]) {
      state.value = value;
      writer.changed();
      await writer.saved();
      expect(state.saved.at(-1)).toBe(value);
    }
  });

  it("shares a write among those who come while another runs", async () => {
    const state = slowState();
    const writer = new WriteBehind(() => state.write(), ignore);
    const waiting: Promise<void>[] = [];
    for (let value = 1; value <= 100; value++) {
      state.value = value;
      writer.changed();
      waiting.push(writer.saved());
      if (value % 10 === 0) await delay(1);
    }
    await Promise.all(waiting);
    expect(state.saved.at(-1)).toBe(100);
    expect(state.saved.length).toBeLessThan(15);
  });

  it("writes nothing if nothing has changed", async () => {
    const state = slowState();
    const writer = new WriteBehind(() => state.write(), ignore);
    await writer.saved();
    expect(state.saved).toEqual([]);
  });

  it("tells everybody who waits that it failed, and tries again at the next call", async () => {
    const state = slowState();
    const writer = new WriteBehind(() => state.write(), ignore);
    state.fail = true;
    writer.changed();
    const results = await Promise.allSettled([writer.saved(), writer.saved()]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    state.fail = false;
    await writer.saved();
    expect(state.saved).toEqual([0]);
  });

  it("reports the failure of a write that nobody waits for", async () => {
    const state = slowState();
    const errors: unknown[] = [];
    const writer = new WriteBehind(
      () => state.write(),
      (error) => errors.push(error),
    );
    state.fail = true;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    writer.changed();
    vi.advanceTimersByTime(1000);
    await expect.poll(() => errors).toHaveLength(1);
  });
});

describe("an index.json that cannot be written", () => {
  it("fails the push, and the next one makes up for it", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const image = await registry.pushImage("a", "1");
    const file = join(path, "index.json");
    await rename(file, `${file}.away`);
    await mkdir(file);
    const failed = await registry.putManifest("a", "2", image);
    expect([failed.status, ...failed.codes]).toEqual([500, "UNKNOWN"]);
    expect(failed.text).not.toContain(path);
    await rmdir(file);
    await rename(`${file}.away`, file);
    expect((await registry.putManifest("a", "3", image)).status).toBe(201);
    const roots = await (await ImageLayout.open(path)).roots();
    expect(roots.map((root) => Object.values(root.annotations ?? {}))).toEqual([
      ["a:1"],
      ["a:2"],
      ["a:3"],
    ]);
  });
});
