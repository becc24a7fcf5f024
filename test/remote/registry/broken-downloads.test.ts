import { describe, expect, it } from "vitest";
import {
  answer,
  changeHead,
  cutAnswerAfter,
  hangUp,
  loseAnswer,
  onlyRanges,
  refuse,
  stallAnswerAfter,
  type Fault,
} from "../../../fixtures/faults.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import {
  fill,
  listening,
  oneLayerImage,
  read,
  repositoryOf,
  startRegistry,
  type LabOptions,
} from "./lab.ts";

const SIZE = 400_000;
const image = oneLayerImage("broken", SIZE);
const { layer } = image;
const bytes = image.blobs.find(({ descriptor }) => descriptor.digest === layer.digest)?.bytes;
const blobs = { method: "GET", path: /\/blobs\// };

async function startFilled(): Promise<TestRegistry> {
  const registry = await startRegistry();
  await fill(registry, image);
  return registry;
}

function ranges(registry: TestRegistry): (string | undefined)[] {
  return registry.requests("GET", /\/blobs\//).map(({ headers }) => headers.range);
}

function readLayer(registry: TestRegistry, options: LabOptions = {}): Promise<Buffer> {
  return read(repositoryOf(registry, options), layer);
}

const anotherRange = changeHead((headers) => {
  headers["content-range"] = `bytes 5-${layer.size - 1}/${layer.size}`;
});

const severalRanges = changeHead((headers) => {
  headers["content-type"] = "multipart/byteranges; boundary=x";
  delete headers["content-range"];
});

const unnamedRange = changeHead((headers) => {
  delete headers["content-range"];
});

/** Answers with at most so many bytes of the range that was asked for. */
function rangeOf(most: number): Fault {
  return ({ request, response }) => {
    const start = Number(/\d+/.exec(request.headers.range ?? "")?.[0]);
    const end = Math.min(start + most, layer.size);
    const headers = { "Content-Range": `bytes ${start}-${end - 1}/${layer.size}` };
    response.writeHead(206, { ...headers, "Content-Length": end - start });
    response.end(bytes?.subarray(start, end));
  };
}

describe("a download that breaks off", () => {
  it("goes on where it broke, as often as each attempt brings something", async () => {
    const registry = await startFilled();
    const { events, onEvent } = listening();
    registry.inject({ ...blobs, times: 8 }, cutAnswerAfter(20_000));
    expect(await readLayer(registry, { onEvent })).toHaveLength(layer.size);
    const wanted = [1, 2, 3, 4, 5, 6, 7, 8].map((part) => `bytes=${part * 20_000}-`);
    expect(ranges(registry)).toEqual([undefined, ...wanted]);
    const sent = registry.seen.reduce((sum, request) => sum + request.sent, 0);
    expect(sent).toBeLessThan(layer.size + 10);
    expect(events.filter(({ type }) => type === "retry")).toHaveLength(8);
  });

  it("before its first byte is asked for again from the start", async () => {
    const registry = await startFilled();
    registry.inject({ ...blobs, times: 2 }, hangUp);
    registry.inject({ ...blobs, times: 2 }, loseAnswer);
    expect(await readLayer(registry)).toHaveLength(layer.size);
    expect(ranges(registry)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it("starts over at a server that does not know Range, and no byte comes twice", async () => {
    const registry = await startFilled();
    registry.inject(blobs, ({ request, proceed }) => {
      delete request.headers.range;
      proceed();
    });
    registry.inject({ ...blobs, times: 1 }, cutAnswerAfter(150_001));
    expect(await readLayer(registry)).toHaveLength(layer.size);
    expect(ranges(registry)).toHaveLength(2);
  });

  it.each([
    ["answers 416 to ranges", refuse(416, "RANGE_INVALID")],
    ["answers 501 to ranges", answer(501)],
    ["answers 403 to ranges", refuse(403, "DENIED")],
    ["sends another range", anotherRange],
    ["sends several ranges at once", severalRanges],
    ["sends a range without saying which", unnamedRange],
    ["breaks off whenever a range is asked for", hangUp],
  ])("is asked for whole at a server that %s", async (_what, fault) => {
    const registry = await startFilled();
    registry.inject(blobs, onlyRanges(fault));
    registry.inject({ ...blobs, times: 1 }, cutAnswerAfter(150_000));
    expect(await readLayer(registry)).toHaveLength(layer.size);
    expect(ranges(registry)[1]).toBe("bytes=150000-");
    expect(ranges(registry).at(-1)).toBeUndefined();
  });

  it("goes on where a range ends that is shorter than the one asked for", async () => {
    const registry = await startFilled();
    registry.inject(blobs, onlyRanges(rangeOf(100_000)));
    registry.inject({ ...blobs, times: 1 }, cutAnswerAfter(150_000));
    expect(await readLayer(registry)).toHaveLength(layer.size);
    const wanted = [150_000, 250_000, 350_000].map((start) => `bytes=${start}-`);
    expect(ranges(registry)).toEqual([undefined, ...wanted]);
  });

  it("is refused when a part comes that nobody asked for", async () => {
    const registry = await startFilled();
    registry.inject(blobs, answer(206, { "Content-Range": "bytes 7-9/10" }, "789"));
    await expect(readLayer(registry)).rejects.toMatchObject({ code: "DRAY_REGISTRY_FAILED" });
  });

  it("is given up when nothing comes any more, with the command to run again in the hint", async () => {
    const registry = await startFilled();
    registry.inject(blobs, cutAnswerAfter(0));
    await expect(readLayer(registry)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(
        `the connection broke after 0 of ${layer.size} bytes`,
      ) as string,
      hint: expect.stringContaining("goes on where this one stopped") as string,
    });
    expect(ranges(registry)).toHaveLength(6);
  });

  it("is whole when only the end of a chunked answer is missing", async () => {
    const registry = await startFilled();
    registry.inject(blobs, ({ request, response }) => {
      response.writeHead(200, { "Transfer-Encoding": "chunked" });
      response.write(bytes, () => request.socket.destroy());
    });
    expect(await readLayer(registry)).toHaveLength(layer.size);
    expect(ranges(registry)).toHaveLength(1);
  });

  it("goes on after silence", async () => {
    const registry = await startFilled();
    registry.inject({ ...blobs, times: 1 }, stallAnswerAfter(100_000));
    expect(await readLayer(registry, { idleTimeout: 300 })).toHaveLength(layer.size);
    expect(ranges(registry).slice(0, 2)).toEqual([undefined, "bytes=100000-"]);
  });

  it("stops at once when nobody wants it any more", async () => {
    const registry = await startFilled();
    registry.inject(blobs, stallAnswerAfter(100_000));
    const stop = new AbortController();
    const reason = new Error("enough");
    const reading = (async () => {
      for await (const chunk of repositoryOf(registry).fetch(layer, { signal: stop.signal })) {
        if (chunk.length > 0) stop.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
  });
});

describe("a manifest that breaks off", () => {
  it.each([
    ["in the middle", cutAnswerAfter(100)],
    ["before its first byte", loseAnswer],
    ["into silence", stallAnswerAfter(100)],
  ])("%s is read again", async (_what, fault) => {
    const registry = await startFilled();
    const repository = repositoryOf(registry, { idleTimeout: 300 });
    registry.inject({ method: "GET", path: /manifests/, times: 2 }, fault);
    expect(await read(repository, image.root.descriptor)).toEqual(image.root.bytes);
    expect(registry.requests("GET", /manifests/).length).toBeGreaterThanOrEqual(3);
  });

  it("again and again ends with an error that names it", async () => {
    const registry = await startFilled();
    registry.inject({ method: "GET", path: /manifests/ }, cutAnswerAfter(100));
    await expect(read(repositoryOf(registry), image.root.descriptor)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(
        `read manifest team/app@${image.root.descriptor.digest}`,
      ) as string,
    });
  });
});

describe("a body that is not as long as it says", () => {
  it("is refused when it is shorter than the descriptor and ends properly", async () => {
    const registry = await startFilled();
    registry.inject(blobs, answer(200, {}, bytes?.subarray(0, SIZE / 2) ?? ""));
    await expect(readLayer(registry)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      message: expect.stringContaining(`expected ${layer.size} bytes, found ${SIZE / 2}`) as string,
    });
  });

  it("is refused at the first byte too many, and the rest is not waited for", async () => {
    const registry = await startFilled();
    registry.inject(blobs, ({ response }) => {
      response.writeHead(200, { "Transfer-Encoding": "chunked" });
      response.write(bytes);
      const more = setInterval(() => response.write("x"), 5);
      response.once("close", () => clearInterval(more));
    });
    await expect(readLayer(registry)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      message: expect.stringContaining("found more") as string,
    });
  });

  it("goes on when Content-Length promises more than comes", async () => {
    const registry = await startFilled();
    registry.inject({ ...blobs, times: 1 }, ({ request, response }) => {
      response.writeHead(200, { "Content-Length": layer.size });
      response.write(bytes?.subarray(0, 1000), () => request.socket.end());
    });
    expect(await readLayer(registry)).toHaveLength(layer.size);
  });
});
