import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeLayer } from "../../../fixtures/images.ts";
import { once as onePiece } from "../../../src/content/memory.ts";
import { fill, oneLayerImage, read, repositoryOf, startRegistry } from "./lab.ts";

const image = oneLayerImage("odd");

describe("every request", () => {
  it("asks for content as it is stored: compressed, it would have another digest", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const repository = repositoryOf(registry);
    await read(repository, await repository.resolve("1.0"));
    await read(repository, image.layer);
    const layer = makeLayer("more", 1000);
    await repository.push(layer.descriptor, { from: "test", open: () => onePiece(layer.bytes) });
    expect(registry.seen.length).toBeGreaterThan(5);
    for (const { headers } of registry.seen) expect(headers["accept-encoding"]).toBe("identity");
  });
});

describe("a server that answers 100 Continue though nobody has asked", () => {
  it("is named as one", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", () => socket.write("HTTP/1.1 100 Continue\r\n\r\n"));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const repository = repositoryOf({ host: `127.0.0.1:${port}` }, { plainHttp: true });
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(
        "it answered 100 Continue, which nobody had asked for",
      ) as string,
    });
  });
});
