import { describe, expect, it, onTestFinished, vi } from "vitest";
import { answer, hangUp, loseAnswer, refuse, stayMute } from "../../../fixtures/faults.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { Patience, Transient, type PatienceOptions } from "../../../src/remote/http/patience.ts";
import { retryDelay } from "../../../src/remote/http/retry-delay.ts";
import { RegistryError } from "../../../src/errors.ts";
import {
  fill,
  listening,
  oneLayerImage,
  QUICK_ATTEMPTS,
  read,
  repositoryOf,
  startRegistry,
} from "./lab.ts";

const image = oneLayerImage("retried");
const { descriptor } = image.root;
const manifests = { path: /manifests/ };

async function startFilled(): Promise<TestRegistry> {
  const registry = await startRegistry();
  await fill(registry, image);
  return registry;
}

describe("a request is sent again", () => {
  it.each([408, 425, 429, 500, 502, 503, 504])(
    "after status %i, which may pass",
    async (status) => {
      const registry = await startFilled();
      registry.inject({ ...manifests, method: "HEAD", times: 2 }, refuse(status, "UNKNOWN"));
      const { events, onEvent } = listening();
      expect(await repositoryOf(registry, { onEvent }).resolve("1.0")).toEqual(descriptor);
      const statuses = registry.requests("HEAD").map((request) => request.status);
      expect(statuses).toEqual([status, status, 200]);
      expect(events.map(({ type }) => type)).toEqual(["retry", "retry"]);
      expect(events[0]).toMatchObject({
        message: expect.stringMatching(
          `^Cannot read manifest team/app:1.0 at source registry ${registry.host}: it answered ${status}; trying again in 0.0 s, for 0.5 s in all$`,
        ) as string,
      });
    },
  );

  it.each([
    ["hangs up", hangUp],
    ["loses its answer", loseAnswer],
  ])("when the registry %s", async (_what, fault) => {
    const registry = await startFilled();
    registry.inject({ ...manifests, times: 3 }, fault);
    expect(await repositoryOf(registry).resolve("1.0")).toEqual(descriptor);
    expect(registry.requests("HEAD")).toHaveLength(4);
  });

  it("when no answer comes in time", async () => {
    const registry = await startFilled();
    registry.inject({ ...manifests, times: 1 }, stayMute);
    const repository = repositoryOf(registry, { answerTimeout: 300 });
    expect(await repository.resolve("1.0")).toEqual(descriptor);
  });

  it("when the very first one meets a registry that is just starting", async () => {
    const registry = await startFilled();
    registry.inject({ path: /^\/v2\/$/, times: 1 }, refuse(503, "UNKNOWN"));
    expect(await repositoryOf(registry).resolve("1.0")).toEqual(descriptor);
  });
});

describe("a request is not sent again", () => {
  it.each([400, 403, 404, 405, 409, 501])(
    "after status %i, which will not pass",
    async (status) => {
      const registry = await startFilled();
      registry.inject({ path: /blobs/ }, refuse(status, "DENIED"));
      await expect(read(repositoryOf(registry), image.layer)).rejects.toMatchObject({ status });
      expect(registry.requests("GET", /blobs/)).toHaveLength(1);
    },
  );

  it("for ever: 503 without end is an error that says so", async () => {
    const registry = await startFilled();
    registry.inject(manifests, refuse(503, "UNAVAILABLE", "down for maintenance"));
    await expect(read(repositoryOf(registry), descriptor)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_FAILED",
      status: 503,
      registryCode: "UNAVAILABLE",
      message: expect.stringContaining(
        "it answered 503 (UNAVAILABLE: down for maintenance)",
      ) as string,
      hint: "The registry itself has a problem; try again later.",
    });
    expect(registry.requests("GET", /manifests/)).toHaveLength(QUICK_ATTEMPTS);
  });

  it("for ever: 429 without end is an error of its own", async () => {
    const registry = await startFilled();
    registry.inject(manifests, refuse(429, "TOOMANYREQUESTS"));
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_BUSY",
      status: 429,
    });
  });

  it("when nobody wants the answer any more", async () => {
    const registry = await startFilled();
    registry.inject(manifests, refuse(503, "UNAVAILABLE"));
    const stop = new AbortController();
    const reason = new Error("enough");
    const repository = repositoryOf(registry, {
      retryDelay: () => 60_000,
      onEvent: () => stop.abort(reason),
    });
    await expect(repository.resolve("1.0", { signal: stop.signal })).rejects.toBe(reason);
    expect(registry.requests("HEAD")).toHaveLength(1);
  });
});

describe("Retry-After", () => {
  it("in seconds is waited for", async () => {
    const registry = await startFilled();
    registry.inject({ ...manifests, times: 1 }, answer(429, { "Retry-After": "1" }));
    const repository = repositoryOf(registry, { retryDelay });
    expect(await repository.resolve("1.0")).toEqual(descriptor);
    const [first, second] = registry.requests("HEAD").map(({ time }) => time);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  it("holds for every request to this registry, not only for the one that was answered", async () => {
    const registry = await startFilled();
    registry.inject({ ...manifests, times: 1 }, answer(429, { "Retry-After": "400" }));
    const { events, onEvent } = listening();
    const repository = repositoryOf(registry, { onEvent });
    const started = Date.now();
    const waiting = repository.resolve("1.0");
    await expect.poll(() => events.map(({ type }) => type)).toEqual(["retry"]);
    await repository.resolve("1.0");
    await waiting;
    const times = registry.requests("HEAD").map(({ time }) => time - started);
    expect(times).toHaveLength(3);
    expect(Math.min(...times.slice(1))).toBeGreaterThanOrEqual(400);
  });
});

/** Lets no time pass between a question and its answer. */
function holdTime(): void {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
}

describe("retryDelay()", () => {
  it("grows, with jitter, to half a minute", () => {
    for (const [attempt, ceiling] of [500, 1000, 2000, 4000, 8000, 16_000, 30_000].entries()) {
      const delays = Array.from({ length: 50 }, () => retryDelay(attempt, undefined));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(ceiling / 2);
      expect(Math.max(...delays)).toBeLessThanOrEqual(ceiling);
      expect(new Set(delays).size).toBeGreaterThan(10);
    }
    expect(retryDelay(50, undefined)).toBeLessThanOrEqual(30_000);
  });

  it("is what Retry-After asks for, in seconds or as a date", () => {
    holdTime();
    expect(retryDelay(0, "7")).toBe(7000);
    const date = new Date(Date.now() + 10_000).toUTCString();
    expect(retryDelay(0, date)).toBeGreaterThan(9000);
    expect(retryDelay(0, date)).toBeLessThanOrEqual(10_000);
  });

  it("is until the second since 1970 that Docker Hub names", () => {
    holdTime();
    const soon = retryDelay(0, String(Math.floor(Date.now() / 1000) + 10));
    expect(soon).toBeGreaterThan(9000);
    expect(soon).toBeLessThanOrEqual(10_000);
  });

  it("is never longer than five minutes, whatever is asked for", () => {
    expect(retryDelay(0, "999999999999")).toBe(300_000);
    expect(retryDelay(0, new Date(Date.now() + 1e10).toUTCString())).toBe(300_000);
  });

  it("is the usual one where Retry-After asks for less, or cannot be read", () => {
    const past = [new Date(0), new Date()].map((date) => date.toUTCString());
    for (const odd of ["soon", "", "-1", "1.5", "0", "00", ...past]) {
      expect(retryDelay(0, odd)).toBeGreaterThanOrEqual(250);
      expect(retryDelay(0, odd)).toBeLessThanOrEqual(500);
    }
  });
});

const DOWN = new RegistryError("DRAY_REGISTRY_FAILED", "it is down", { status: 503 });

describe("Patience", () => {
  it("passes on at once what is not transient", async () => {
    let calls = 0;
    const work = async (): Promise<never> => {
      calls += 1;
      throw new RangeError("a mistake");
    };
    await expect(new Patience("x").persist(work, undefined)).rejects.toThrow(RangeError);
    expect(calls).toBe(1);
  });

  it("throws the last failure itself when it gives up", async () => {
    const patience = new Patience("x", { retryDelay: () => 0, retryFor: 300 });
    await expect(patience.persist(failing, undefined)).rejects.toBe(DOWN);
  });

  it("is two minutes of waiting for each request, unless it is said otherwise", async () => {
    for (const [retryFor, least, most] of [
      [undefined, 120, 150],
      [600_000, 600, 630],
      [1000, 1, 3],
    ] as const) {
      const { waited } = await outage({ retryFor });
      expect(waited).toBeGreaterThanOrEqual(least * 1000);
      expect(waited).toBeLessThanOrEqual(most * 1000);
    }
  });

  it.each(["0", new Date(0).toUTCString(), "1"])(
    "is not spent any sooner where the registry answers Retry-After: %s",
    async (retryAfter) => {
      const { waited, tries } = await outage({}, retryAfter);
      expect(waited).toBeGreaterThanOrEqual(120_000);
      expect(tries).toBeLessThan(30);
    },
  );

  it("is enough for one more try after the longest time that a registry asks for", async () => {
    expect(await outage({}, "100000")).toMatchObject({ waited: 300_000, tries: 2 });
  });

  it("of nothing means one try", async () => {
    expect(await outage({ retryFor: 0 })).toMatchObject({ waited: 0, tries: 1 });
  });

  it("has an end even where nobody waits between the tries", async () => {
    let tries = 0;
    const patience = new Patience("x", { retryDelay: () => 0, retryFor: 1000 });
    const work = async (): Promise<never> => {
      tries += 1;
      return failing();
    };
    await expect(patience.persist(work, undefined)).rejects.toBe(DOWN);
    expect(tries).toBe(11);
  });

  it("is spent once on a registry that does not come back, and given anew when it does", async () => {
    const patience = new Patience("x", { retryDelay: () => 0, retryFor: 300 });
    let calls = 0;
    let isUp = false;
    const work = async (): Promise<string> => {
      calls += 1;
      return isUp ? "yes" : failing();
    };
    const callsOf = async (): Promise<number> => {
      calls = 0;
      await patience.persist(work, undefined).catch(() => undefined);
      return calls;
    };
    expect([await callsOf(), await callsOf(), await callsOf()]).toEqual([4, 1, 1]);
    isUp = true;
    expect(await callsOf()).toBe(1);
    isUp = false;
    expect(await callsOf()).toBe(4);
  });
});

async function failing(): Promise<never> {
  throw new Transient(DOWN);
}

/** What is waited for a registry that does not come back, on a clock that is put forward instead. */
async function outage(
  { retryFor }: PatienceOptions,
  retryAfter?: string,
): Promise<{ waited: number; tries: number }> {
  const start = Date.now();
  let now = start;
  const sleep = async (milliseconds: number): Promise<void> => {
    now += milliseconds;
  };
  let tries = 0;
  const work = async (): Promise<never> => {
    tries += 1;
    throw new Transient(DOWN, { retryAfter });
  };
  const patience = new Patience("x", { retryFor, clock: { now: () => now, sleep } });
  await expect(patience.persist(work, undefined)).rejects.toBe(DOWN);
  return { waited: now - start, tries };
}
