import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { answer, refuse, type Fault } from "../../../fixtures/faults.ts";
import { makeLayer } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { once as onePiece } from "../../../src/content/memory.ts";
import type { Clock } from "../../../src/remote/http/clock.ts";
import { retryDelay } from "../../../src/remote/http/retry-delay.ts";
import { clientOf, startRepository } from "../chart-repository/lab.ts";
import {
  fill,
  listening,
  oneLayerImage,
  QUICK_ATTEMPTS,
  read,
  repositoryOf,
  startHost,
  startRegistry,
} from "./lab.ts";

const image = oneLayerImage("outage", 400_000);
const { descriptor } = image.root;
const blobs = { method: "GET", path: /\/blobs\// };

/** Time that passes only while somebody waits; `onSleep` hears how much of it has. */
function putForward(onSleep: (passed: number) => unknown = () => undefined): Clock {
  const start = Date.now();
  let now = start;
  return {
    now: () => now,
    async sleep(milliseconds) {
      now += milliseconds;
      await onSleep(now - start);
    },
  };
}

async function startFilled(): Promise<TestRegistry> {
  const registry = await startRegistry();
  await fill(registry, image);
  return registry;
}

/** As a program that waits as it does by default, on a clock of its own. */
function byDefault(clock: Clock): {
  retryDelay: typeof retryDelay;
  retryFor: number;
  clock: Clock;
} {
  return { retryDelay, retryFor: 120_000, clock };
}

describe("an outage of a minute and a half", () => {
  it.each([
    ["503", refuse(503, "UNAVAILABLE")],
    ["503 and Retry-After: 0", answer(503, { "Retry-After": "0" })],
    [
      "429 and a Retry-After in the past",
      answer(429, { "Retry-After": new Date(0).toUTCString() }),
    ],
  ])("in which a registry answers %s is outlasted", async (_what, fault) => {
    const registry = await startFilled();
    registry.inject({ path: /manifests/ }, fault);
    const clock = putForward((passed) => {
      if (passed > 90_000) registry.mend();
    });
    expect(await repositoryOf(registry, byDefault(clock)).resolve("1.0")).toEqual(descriptor);
  });

  it("in which nothing listens is outlasted, from the first connection on", async () => {
    const gone = await startHost(() => undefined);
    await gone.stop();
    const server = createServer(({ method }, response) => {
      // To anything else a length without its bytes would be waited for.
      if (method !== "HEAD") return void response.end();
      const { mediaType, digest, size } = descriptor;
      const headers = { "Content-Type": mediaType, "Docker-Content-Digest": digest };
      return void response.writeHead(200, { ...headers, "Content-Length": size }).end();
    });
    onTestFinished(() => void server.close());
    const clock = putForward(async (passed) => {
      if (passed < 90_000 || server.listening) return;
      await once(server.listen(gone.port, "127.0.0.1"), "listening");
    });
    const { events, onEvent } = listening();
    const repository = repositoryOf(gone, { ...byDefault(clock), onEvent });
    expect(await repository.resolve("1.0")).toEqual(descriptor);
    expect(events[0]).toMatchObject({
      type: "retry",
      at: `source registry ${gone.host}`,
      message: expect.stringMatching(
        /ECONNREFUSED.*; trying again in .* s, for 2 min in all$/,
      ) as string,
    });
  });

  it("of a chart repository is outlasted as well", async () => {
    const charts = await startRepository();
    charts.publish("web", { version: "1.2.3" });
    charts.door = () => 503;
    const clock = putForward((passed) => {
      if (passed > 90_000) charts.door = undefined;
    });
    const client = await clientOf(charts.url, byDefault(clock));
    expect(await client.versions("web")).toMatchObject([{ version: "1.2.3" }]);
  });

  it("is not waited for by who asks whether an image exists at all", async () => {
    const gone = await startHost(() => undefined);
    await gone.stop();
    const { events, onEvent } = listening();
    await expect(repositoryOf(gone, { onEvent }).has("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
    });
    expect(events).toEqual([]);
  });
});

describe("the first connection", () => {
  it("that breaks off is made again, over the scheme that the registry speaks", async () => {
    const registry = await startFilled();
    registry.inject({ path: /^\/v2\/$/, times: 2 }, ({ request }) => request.socket.destroy());
    expect(await repositoryOf(registry).resolve("1.0")).toEqual(descriptor);
  });
});

/** Takes nothing of the request's body and never answers. */
const ignore: Fault = () => undefined;

/** Sends some bytes now and then. */
const trickle: Fault = ({ request, response }) => {
  request.resume();
  response.writeHead(200, { "Content-Length": image.layer.size });
  const layer = image.blobs.find((blob) => blob.descriptor.digest === image.layer.digest);
  let at = 0;
  const more = setInterval(() => response.write(layer?.bytes.subarray(at, (at += 10))), 5);
  response.once("close", () => clearInterval(more));
};

describe("a transfer that moves too little", () => {
  it("is ended where nobody takes the body of an upload, and tried again", async () => {
    const registry = await startFilled();
    const { descriptor: layer, bytes } = makeLayer("ignored", 24 * 1024 * 1024);
    registry.inject({ method: "PUT", path: /uploads/, times: 1 }, ignore);
    const { events, onEvent } = listening();
    const repository = repositoryOf(registry, { idleTimeout: 500, minRate: 0, onEvent });
    await repository.push(layer, { from: "test", open: () => onePiece(bytes) });
    expect(await repository.exists(layer)).toBe(true);
    expect(events).toMatchObject([
      { message: expect.stringContaining("nothing of the body was taken for 0.5 s") as string },
    ]);
  });

  it("is ended where a download trickles, and gone on with where it was", async () => {
    const registry = await startFilled();
    registry.inject({ ...blobs, times: 1 }, trickle);
    const repository = repositoryOf(registry, { idleTimeout: 300, minRate: 100_000 });
    expect(await read(repository, image.layer)).toHaveLength(image.layer.size);
    expect(registry.requests("GET", /blobs/)[1]?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it("is given up where it never does anything else", async () => {
    const registry = await startFilled();
    registry.inject(blobs, trickle);
    const repository = repositoryOf(registry, { idleTimeout: 50, minRate: 100_000 });
    await expect(read(repository, image.layer)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
    });
    expect(registry.requests("GET", /blobs/).length).toBeGreaterThanOrEqual(QUICK_ATTEMPTS);
  });

  it("goes on to its end where every rate is allowed", async () => {
    const registry = await startFilled();
    registry.inject({ ...blobs, times: 1 }, ({ request, response }) => {
      request.resume();
      response.writeHead(200, { "Content-Length": image.layer.size });
      const { bytes } =
        image.blobs.find((one) => one.descriptor.digest === image.layer.digest) ?? {};
      const steps = 10;
      let step = 0;
      const more = setInterval(() => {
        const [from, to] = [step, ++step].map((at) => Math.floor((image.layer.size * at) / steps));
        response.write(bytes?.subarray(from, to));
        if (step < steps) return;
        clearInterval(more);
        response.end();
      }, 30);
    });
    const repository = repositoryOf(registry, { idleTimeout: 100, minRate: 0 });
    expect(await read(repository, image.layer)).toHaveLength(image.layer.size);
  });
});

describe("a blob that was damaged on its way to the registry", () => {
  it("is sent again", async () => {
    const registry = await startFilled();
    registry.inject({ method: "PUT", path: /uploads/, times: 1 }, refuse(400, "DIGEST_INVALID"));
    const { descriptor: layer, bytes } = makeLayer("sent again", 100_000);
    const repository = repositoryOf(registry);
    await repository.push(layer, { from: "test", open: () => onePiece(bytes) });
    expect(await repository.exists(layer)).toBe(true);
  });

  it("again and again is an error with the registry's code", async () => {
    const registry = await startFilled();
    registry.inject({ method: "PUT", path: /uploads/ }, refuse(400, "DIGEST_INVALID"));
    const { descriptor: layer, bytes } = makeLayer("never taken", 100_000);
    const pushing = repositoryOf(registry).push(layer, {
      from: "test",
      open: () => onePiece(bytes),
    });
    await expect(pushing).rejects.toMatchObject({ status: 400, registryCode: "DIGEST_INVALID" });
  });
});
