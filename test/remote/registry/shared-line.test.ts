import { EventEmitter, once } from "node:events";
import { describe, expect, it } from "vitest";
import { seededBytes } from "../../../fixtures/images.ts";
import { collect, type Bytes } from "../../../src/content/content.ts";
import { contentOf } from "../../../src/content/memory.ts";
import type { DrayEvent } from "../../../src/events.ts";
import type { Clock } from "../../../src/remote/http/clock.ts";
import { limited, RateLimit } from "../../../src/remote/http/rate-limit.ts";
import { fill, oneLayerImage, read, repositoryOf, startRegistry } from "./lab.ts";

/** Time passes when somebody sleeps, and stands still otherwise. */
function sleeper(): Clock & { readonly slept: () => number } {
  let now = 0;
  return {
    now: () => now,
    sleep: async (milliseconds) => void (now += milliseconds),
    slept: () => now,
  };
}

const image = oneLayerImage("shared", 400_000);
const bytes = image.blobs.find(({ descriptor }) => descriptor.digest === image.layer.digest)?.bytes;

describe("--limit-rate", () => {
  it("lets a download and an upload take their time, each direction by itself", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const clock = sleeper();
    const limit = new RateLimit(100_000, clock);
    await read(repositoryOf(registry, { limit }), image.layer);
    expect(clock.slept()).toBeGreaterThan(3500);
    const before = clock.slept();
    const target = repositoryOf(registry, { limit, name: "other/app" });
    await target.push(image.layer, contentOf(bytes ?? Buffer.alloc(0), "test"));
    expect(clock.slept() - before).toBeGreaterThan(3500);
    expect(clock.slept()).toBeLessThan(9500);
  });

  it("is shared by all who use the line", async () => {
    const clock = sleeper();
    const { incoming } = new RateLimit(1000, clock);
    const pull = (): Promise<Buffer> => collect(limited(one(4000), incoming, undefined));
    await Promise.all([pull(), pull(), pull()]);
    expect(clock.slept()).toBeGreaterThan(11_000);
  });

  it("takes nothing more from its source than what may pass", async () => {
    let taken = 0;
    async function* source(): Bytes {
      for (; taken < 100; taken++) yield Buffer.alloc(1000);
    }
    const waits: (() => void)[] = [];
    const clock: Clock = { now: () => 0, sleep: () => new Promise((go) => waits.push(go)) };
    const line = limited(source(), new RateLimit(1000, clock).incoming, undefined);
    const pieces = line[Symbol.asyncIterator]();
    await pieces.next();
    const waiting = pieces.next();
    await expect.poll(() => waits.length).toBe(1);
    expect(taken).toBe(1);
    waits[0]?.();
    await waiting;
  });

  it("passes every byte on, in its order", async () => {
    const content = seededBytes("line", 10_000);
    const { outgoing } = new RateLimit(100_000, sleeper());
    expect(await collect(limited(inOne(content), outgoing, undefined))).toEqual(content);
  });
});

async function* one(size: number): Bytes {
  yield Buffer.alloc(size);
}

async function* inOne(content: Buffer): Bytes {
  yield content;
}

describe("an answer that is long in coming", () => {
  it("is waited for, and that is said before it comes", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    // It answers when somebody has wondered.
    const ears = new EventEmitter();
    const heard = once(ears, "heard");
    registry.inject({ method: "HEAD", times: 1 }, ({ proceed }) => void heard.then(proceed));
    const onEvent = (event: DrayEvent): void => void ears.emit("heard", event);
    const repository = repositoryOf(registry, { onEvent, noticeAfter: 20 });
    expect(await repository.resolve("1.0")).toEqual(image.root.descriptor);
    expect((await heard)[0]).toEqual({
      type: "retry",
      at: `source registry ${registry.host}`,
      message: expect.stringMatching(
        /^no answer from \S+ for 0 s, waiting on: read manifest/,
      ) as string,
    });
  });
});
