import { describe, expect, it } from "vitest";
import { answer, refuse, type Fault } from "../../../fixtures/faults.ts";
import { makeImage, makeLayer } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { copy } from "../../../src/content/copy.ts";
import { contentOf } from "../../../src/content/memory.ts";
import type { Source } from "../../../src/content/content.ts";
import { fill, listening, oneLayerImage, repositoryOf, startRegistry } from "./lab.ts";

const image = oneLayerImage("late");
const { descriptor } = image.root;

/** What an image is made of, from memory. */
const source: Source = {
  name: "test",
  async *fetch(wanted) {
    const all = [...image.blobs, image.root];
    yield all.find((one) => one.descriptor.digest === wanted.digest)?.bytes ?? Buffer.alloc(0);
  },
};

function unknown(...digests: string[]): Fault {
  const errors = digests.map((detail) => ({
    code: "MANIFEST_BLOB_UNKNOWN",
    message: "blob unknown to registry",
    detail,
  }));
  return answer(404, { "Content-Type": "application/json" }, JSON.stringify({ errors }));
}

const sentOf = (registry: TestRegistry, path: RegExp): number =>
  registry.requests("PUT", path).length;

describe("a registry that does not see at once what it was sent", () => {
  it.each([
    ["404", refuse(404, "MANIFEST_BLOB_UNKNOWN")],
    ["400", refuse(400, "BLOB_UNKNOWN")],
  ])(
    "and answers a manifest with %s is given time, and sent nothing again",
    async (_what, fault) => {
      const registry = await startRegistry();
      registry.inject({ method: "PUT", path: /manifests/, times: 3 }, fault);
      const { events, onEvent } = listening();
      const target = repositoryOf(registry, { onEvent });
      await copy({ source, target, root: descriptor });
      expect(sentOf(registry, /manifests/)).toBe(4);
      expect(sentOf(registry, /uploads/)).toBe(image.blobs.length);
      expect(events.filter(({ type }) => type === "retry")).toHaveLength(3);
    },
  );

  it("and does not give a manifest back yet is asked again", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject(
      { method: "GET", path: /manifests/, times: 3 },
      refuse(404, "MANIFEST_UNKNOWN"),
    );
    const repository = repositoryOf(registry);
    await repository.requireDigest(descriptor.digest, descriptor);
    expect(registry.requests("GET", /manifests/)).toHaveLength(4);
  });

  it("and still gives the old image of a tag is asked again", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const old = oneLayerImage("older");
    registry.inject(
      { method: "GET", path: /manifests/, times: 2 },
      answer(200, { "Content-Type": old.root.descriptor.mediaType }, old.root.bytes),
    );
    await repositoryOf(registry).requireDigest("1.0", descriptor);
    expect(registry.requests("GET", /manifests/)).toHaveLength(3);
  });

  it.each([
    ["has the new one by its digest, lags behind", /manifests\/1\.0$/, "lags behind"],
    ["has another one by its digest too, rewrites it", /manifests/, "rewrites manifests"],
  ])("and gives the old image of a tag for ever, and %s", async (_what, path, hint) => {
    const registry = await startRegistry();
    await fill(registry, image);
    const old = oneLayerImage("older");
    const { mediaType } = old.root.descriptor;
    registry.inject(
      { method: "GET", path },
      answer(200, { "Content-Type": mediaType }, old.root.bytes),
    );
    await expect(repositoryOf(registry).requireDigest("1.0", descriptor)).rejects.toMatchObject({
      code: "DRAY_MANIFEST_REWRITTEN",
      hint: expect.stringContaining(hint) as string,
    });
  });

  it("and never does is an error, after half a minute and not after two", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "GET", path: /manifests/ }, refuse(404, "MANIFEST_UNKNOWN"));
    const slept: number[] = [];
    const clock = { now: () => 0, sleep: async (time: number) => void slept.push(time) };
    const options = { retryFor: 120_000, retryDelay: () => 5000, clock };
    const repository = repositoryOf(registry, options);
    await expect(repository.requireDigest("1.0", descriptor)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_NOT_FOUND",
      hint: expect.stringContaining("a cache in between may keep that it was not there") as string,
    });
    expect(slept.reduce((sum, one) => sum + one, 0)).toBe(30_000);
  });

  it("when it answered 504 is asked before the blob is sent again", async () => {
    const registry = await startRegistry();
    // The answer is lost, and the commit happens while this side waits.
    let commit: (() => void) | undefined;
    registry.inject(
      { method: "PUT", path: /uploads/, times: 1 },
      ({ request, response, proceed }) => {
        const end = response.end.bind(response);
        const writeHead = response.writeHead.bind(response);
        response.writeHead = () => response;
        response.end = () => {
          writeHead(504, { "Content-Length": 0 });
          return end();
        };
        commit = proceed;
        request.on("end", () => undefined);
        proceed();
      },
    );
    registry.inject({ method: "HEAD", path: /blobs/, times: 2 }, answer(404));
    const target = repositoryOf(registry);
    expect(await target.exists(image.layer)).toBe(false);
    const bytes = image.blobs.find((one) => one.descriptor.digest === image.layer.digest)?.bytes;
    await target.push(image.layer, contentOf(bytes ?? Buffer.alloc(0), "test"));
    expect(commit).toBeDefined();
    expect(sentOf(registry, /uploads/)).toBe(1);
    expect(registry.requests("DELETE")).toHaveLength(0);
  });
});

describe("a registry that says that it has what it has not", () => {
  it("is sent what it names once more, whole", async () => {
    const registry = await startRegistry();
    registry.inject(
      { method: "HEAD", path: new RegExp(image.layer.digest) },
      answer(200, { "Content-Length": image.layer.size }),
    );
    const target = repositoryOf(registry);
    await copy({ source, target, root: descriptor });
    registry.mend();
    expect(await target.exists(image.layer)).toBe(true);
    expect(await target.exists(descriptor)).toBe(true);
  });

  it("is sent what it claimed to have where it names nothing", async () => {
    const registry = await startRegistry();
    const claim = answer(200, { "Content-Length": image.layer.size });
    registry.inject({ method: "HEAD", path: new RegExp(image.layer.digest) }, claim);
    registry.inject(
      { method: "PUT", path: /manifests/, times: 6 },
      refuse(404, "MANIFEST_BLOB_UNKNOWN"),
    );
    await copy({ source, target: repositoryOf(registry), root: descriptor });
    // The config was sent before, and the layer is now.
    expect(sentOf(registry, /uploads/)).toBe(2);
  });

  it("after a mount that it answered with 201 is sent the blob itself", async () => {
    const registry = await startRegistry();
    await fill(registry, image, "other/app:1.0");
    registry.inject({ method: "POST", path: /mount=/ }, answer(201));
    const target = repositoryOf(registry);
    const other = repositoryOf(registry, { name: "other/app" });
    target.client.blobPlaces.note(image.layer.digest, "other/app");
    expect(await other.exists(image.layer)).toBe(true);
    await copy({ source, target, root: descriptor });
    expect(registry.requests("POST", /mount=/)).toHaveLength(1);
    expect(await target.exists(image.layer)).toBe(true);
  });

  it("and goes on to say so is named, and sent nothing a third time", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", path: /manifests/ }, unknown(image.layer.digest));
    const target = repositoryOf(registry, { side: "target" });
    await expect(copy({ source, target, root: descriptor })).rejects.toMatchObject({
      status: 404,
      registryCode: "MANIFEST_BLOB_UNKNOWN",
      digests: [image.layer.digest],
      message: expect.stringContaining(image.layer.digest) as string,
      hint: expect.stringMatching(
        `^It took ${image.layer.digest}, twice, and does not know it`,
      ) as string,
    });
    expect(sentOf(registry, /uploads/)).toBe(3);
  });
});

/** Takes no request larger than this, as a proxy before the registry. */
function limit(registry: TestRegistry, bytes: number): void {
  registry.inject({}, (exchange) => {
    const length = Number(exchange.request.headers["content-length"] ?? 0);
    if (length <= bytes) exchange.proceed();
    else
      answer(413, {}, "<html><head><title>413 Request Entity Too Large</title></head>")(exchange);
  });
}

describe("a proxy that takes requests of one MiB", () => {
  const layers = [makeLayer("large-1", 5_000_000), makeLayer("large-2", 3_000_000)];

  it("is found out with the first blob, and remembered for the next", async () => {
    const registry = await startRegistry();
    limit(registry, 1024 * 1024);
    const target = repositoryOf(registry);
    const [first, second] = layers;
    if (first === undefined || second === undefined) throw new Error("two layers");
    await target.push(first.descriptor, contentOf(first.bytes, "test"));
    const refused = registry.seen.filter(({ status }) => status === 413).length;
    expect(refused).toBeLessThanOrEqual(3);
    await target.push(second.descriptor, contentOf(second.bytes, "test"));
    expect(registry.seen.filter(({ status }) => status === 413)).toHaveLength(refused);
    expect(await target.exists(first.descriptor)).toBe(true);
    expect(await target.exists(second.descriptor)).toBe(true);
  });

  it("before a registry that wants larger chunks is reported", async () => {
    const registry = await startRegistry();
    limit(registry, 1024 * 1024);
    registry.inject({ method: "POST" }, ({ response, proceed }) => {
      response.setHeader("OCI-Chunk-Min-Length", String(2 * 1024 * 1024));
      proceed();
    });
    const [first] = layers;
    if (first === undefined) throw new Error("two layers");
    const pushing = repositoryOf(registry).push(first.descriptor, contentOf(first.bytes, "test"));
    await expect(pushing).rejects.toMatchObject({
      status: 413,
      message: expect.stringContaining("413 Request Entity Too Large") as string,
      hint: expect.stringContaining("client_max_body_size") as string,
    });
  });

  it("and nearly nothing else is reported, not asked without end", async () => {
    const registry = await startRegistry();
    limit(registry, 1000);
    const { root } = makeImage([]);
    expect(root.bytes.length).toBeLessThan(1000);
    const pushing = repositoryOf(registry).push(image.layer, contentFor(image.layer.digest));
    await expect(pushing).rejects.toMatchObject({ status: 413 });
    expect(registry.seen.length).toBeLessThan(15);
  });
});

function contentFor(digest: string): ReturnType<typeof contentOf> {
  const found = image.blobs.find((one) => one.descriptor.digest === digest);
  return contentOf(found?.bytes ?? Buffer.alloc(0), "test");
}
