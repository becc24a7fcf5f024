import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { answer, changeHead, type Fault } from "../../../fixtures/faults.ts";
import { makeLayer } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { contentOf } from "../../../src/content/memory.ts";
import type { Repository } from "../../../src/remote/registry/repository.ts";
import { read, repositoryOf, startRegistry } from "./lab.ts";

const large = makeLayer("odd upload", 9_000_000);
const { descriptor, bytes } = large;
const HTML = { "Content-Type": "text/html" };
const PAGE = "<html><head><title>Sign in to Acme</title></head></html>";

function push(repository: Repository): Promise<unknown> {
  return repository.push(descriptor, contentOf(bytes, "test"));
}

/** Takes the whole of a blob from nobody, and of each chunk so much. */
function takingOf(registry: TestRegistry, share: (chunk: number) => number): void {
  registry.inject({ method: "PUT", path: /uploads\/.*digest=/ }, (exchange) => {
    const isLarge = Number(exchange.request.headers["content-length"]) > 0;
    if (isLarge) answer(405)(exchange);
    else exchange.proceed();
  });
  registry.inject({ method: "PATCH" }, (exchange) => {
    if (exchange.request.headers["x-part"] === undefined) void takePart(registry, exchange, share);
    else exchange.proceed();
  });
}

async function takePart(
  registry: TestRegistry,
  { request, response }: Parameters<Fault>[0],
  share: (chunk: number) => number,
): Promise<void> {
  const chunk = await buffer(request);
  const start = Number(request.headers["content-range"]?.split("-")[0]);
  const part = chunk.subarray(0, share(chunk.length));
  const taken = await fetch(`${registry.url}${request.url}`, {
    method: "PATCH",
    headers: { "x-part": "1", "content-range": `${start}-${start + part.length - 1}` },
    body: new Uint8Array(part),
  });
  response.writeHead(taken.status, Object.fromEntries(taken.headers)).end();
}

describe("an upload whose registry says of chunks that it took whole that it took a part", () => {
  it.each([
    ["half of what it has", (end: number) => Math.floor(end / 2)],
    ["all but some bytes", (end: number) => end - 10],
    ["the first chunk for ever", () => 1000],
  ])("goes on behind them: %s", async (_what, said) => {
    const registry = await startRegistry();
    takingOf(registry, (chunk) => chunk);
    registry.inject(
      { method: "PATCH" },
      changeHead((headers, status) => {
        const last = Number(headers["range"]?.split("-")[1] ?? 0);
        if (status === 202) headers["range"] = `0-${said(last)}`;
      }),
    );
    const repository = repositoryOf(registry);
    expect(await push(repository)).toBe("copied");
    expect((await read(repository, descriptor)).equals(bytes)).toBe(true);
    expect(registry.requests("POST")).toHaveLength(2);
  });
});

describe("an upload whose chunks the registry takes in part", () => {
  it.each([
    ["half", (chunk: number) => Math.ceil(chunk / 2)],
    ["a MiB at most", (chunk: number) => Math.min(chunk, 1024 * 1024)],
  ])("goes on from there: %s", async (_what, share) => {
    const registry = await startRegistry();
    takingOf(registry, share);
    const repository = repositoryOf(registry);
    expect(await push(repository)).toBe("copied");
    expect((await read(repository, descriptor)).equals(bytes)).toBe(true);
    expect(registry.requests("POST")).toHaveLength(2);
  });

  it("ends where that is next to nothing each time", async () => {
    const registry = await startRegistry();
    takingOf(registry, () => 2);
    await expect(push(repositoryOf(registry))).rejects.toMatchObject({
      message: expect.stringContaining("it takes 2 bytes at a time") as string,
    });
  });
});

describe("a page for people in the place of an answer to an upload", () => {
  it.each<[string, string, number]>([
    ["POST", "POST", 200],
    ["the PUT of the whole", "PUT", 200],
    ["the PUT of the whole, as created", "PUT", 201],
  ])("is named: %s", async (_what, method, status) => {
    const registry = await startRegistry();
    registry.inject({ method }, answer(status, HTML, PAGE));
    await expect(push(repositoryOf(registry))).rejects.toMatchObject({
      message: expect.stringContaining('an HTML page, "Sign in to Acme"') as string,
      hint: expect.stringContaining("A page for people came") as string,
    });
    expect(registry.requests(method)).toHaveLength(1);
  });

  it("is named: PATCH", async () => {
    const registry = await startRegistry();
    const page: Fault = answer(202, HTML, PAGE);
    registry.inject({ method: "PUT" }, answer(413));
    registry.inject({ method: "PATCH" }, page);
    await expect(push(repositoryOf(registry))).rejects.toMatchObject({
      message: expect.stringContaining(
        'answered 202 with an HTML page, "Sign in to Acme"',
      ) as string,
    });
  });
});
