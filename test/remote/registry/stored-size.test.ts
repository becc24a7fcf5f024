import { describe, expect, it } from "vitest";
import { answer, changeHead, hangUp, type Fault } from "../../../fixtures/faults.ts";
import { contentOf } from "../../../src/content/memory.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { makeLayer, makeImage } from "../../../fixtures/images.ts";
import type { Repository } from "../../../src/remote/registry/repository.ts";
import { refusal } from "../../refusal.ts";
import { fill, listening, repositoryOf, startRegistry } from "./lab.ts";

const layer = makeLayer("measured", 9000);
const image = makeImage([layer]);
const { descriptor } = layer;

interface Lab {
  readonly registry: TestRegistry;
  readonly repository: Repository;
  readonly warnings: () => string[];
}

async function lab(): Promise<Lab> {
  const registry = await startRegistry();
  await fill(registry, image);
  const { events, onEvent } = listening();
  const repository = repositoryOf(registry, { onEvent });
  const warnings = (): string[] =>
    events.flatMap((event) => (event.type === "warning" ? event.message : []));
  return { registry, repository, warnings };
}

/** HEAD and GET for as long as a registry has so many bytes of a blob. */
function truncated(bytes: number): Fault {
  return ({ request, response }) => {
    request.resume();
    const wantsPart = request.headers.range !== undefined;
    const headers = wantsPart
      ? { "Content-Range": `bytes */${bytes}`, "Content-Length": 0 }
      : { "Content-Length": bytes };
    response.writeHead(wantsPart ? 416 : 200, headers);
    response.end(request.method === "HEAD" || wantsPart ? "" : layer.bytes.subarray(0, bytes));
  };
}

function length(value: string | undefined): Fault {
  return changeHead((headers) => {
    delete headers["content-length"];
    if (value !== undefined) headers["content-length"] = value;
  });
}

const BLOB = new RegExp(`/blobs/${descriptor.digest}$`);

describe("the size of a blob at a registry", () => {
  it.each([
    ["the right length", undefined, 0],
    ["no length", length(undefined), 1],
    ["a length of nothing", length("0"), 1],
    ["another length", length("12"), 1],
    ["405", answer(405), 1],
  ])("is known where HEAD answers with %s and the blob is whole", async (_what, fault, asked) => {
    const { registry, repository } = await lab();
    if (fault !== undefined) registry.inject({ method: "HEAD" }, fault);
    expect(await repository.exists(descriptor)).toBe(true);
    const gets = registry.requests("GET", BLOB);
    expect(gets).toHaveLength(asked);
    expect(gets.every(({ sent }) => sent <= 1)).toBe(true);
  });

  it.each([0, 1, 1000, descriptor.size - 1])(
    "is known where only %i bytes are there",
    async (bytes) => {
      const { registry, repository } = await lab();
      registry.inject({ path: BLOB }, truncated(bytes));
      expect(await repository.exists(descriptor)).toBe(false);
      expect(await repository.sizeOf(descriptor)).toBe(bytes);
    },
  );

  it("is that of the body where the registry knows no ranges", async () => {
    const { registry, repository } = await lab();
    registry.inject({ method: "HEAD" }, answer(405));
    registry.inject({ method: "GET", path: BLOB }, answer(200, {}, layer.bytes.subarray(0, 500)));
    expect(await repository.sizeOf(descriptor)).toBe(500);
  });

  it("is taken on the registry's word where it says it nowhere", async () => {
    const { registry, repository } = await lab();
    registry.inject({ method: "HEAD" }, length(undefined));
    registry.inject({ method: "GET", path: BLOB }, ({ request, response }) => {
      request.resume();
      response.writeHead(200, { "Transfer-Encoding": "chunked" }).end(layer.bytes);
    });
    expect(await repository.sizeOf(descriptor)).toBe(descriptor.size);
  });

  it("is not told by a registry that answers 405 to GET too, which is no word on what is there", async () => {
    const { registry, repository } = await lab();
    registry.inject({ path: BLOB }, answer(405));
    await expect(repository.exists(descriptor)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNSUPPORTED",
      message: expect.stringContaining("it answers 405 to HEAD and to GET") as string,
      hint: expect.stringContaining("has to let HEAD or GET") as string,
    });
  });

  it("is none where HEAD and GET do not agree that it is there", async () => {
    const { registry, repository } = await lab();
    registry.inject({ method: "HEAD", path: BLOB }, length("12"));
    registry.inject({ method: "GET", path: BLOB }, answer(404));
    expect(await repository.sizeOf(descriptor)).toBeUndefined();
  });
});

describe("a registry that sends HEAD on to its storage", () => {
  it("has the blob, and its size is asked there with one byte", async () => {
    const { registry, storage } = await startWithStorage();
    const repository = repositoryOf(registry);
    expect(await repository.exists(descriptor)).toBe(true);
    expect(storage.seen.map(({ method }) => method)).toEqual(["GET"]);
    expect(storage.seen[0]?.headers["range"]).toBe(`bytes=${descriptor.size - 1}-`);
    expect(storage.seen[0]?.headers["authorization"]).toBeUndefined();
  });

  it.each([
    ["denies", answer(403)],
    ["hangs up on", hangUp],
  ])(
    "that %s who only looks has the blob, once said that its size is not checked",
    async (_what, fault) => {
      const { registry, storage } = await startWithStorage();
      storage.inject({}, fault);
      const { events, onEvent } = listening();
      const repository = repositoryOf(registry, { onEvent });
      const config = image.blobs[0]?.descriptor ?? descriptor;
      expect(await repository.exists(descriptor)).toBe(true);
      expect(await repository.exists(config)).toBe(true);
      expect(storage.seen).toHaveLength(1);
      expect(events).toEqual([
        { type: "warning", message: expect.stringContaining("their size not checked") as string },
      ]);
    },
  );

  it("is asked on where it has not said the size of one blob", async () => {
    const { registry, storage } = await startWithStorage();
    const config = image.blobs[0]?.descriptor ?? descriptor;
    storage.inject({ path: BLOB, times: 1 }, answer(206));
    const repository = repositoryOf(registry);
    expect(await repository.exists(descriptor)).toBe(true);
    expect(await repository.exists(config)).toBe(true);
    expect(storage.seen).toHaveLength(2);
    expect([...repository.client.uncheckedSizes]).toEqual([`team/app@${descriptor.digest}`]);
  });

  it("where the content is gone has it not", async () => {
    const { registry, storage } = await startWithStorage();
    storage.inject({}, answer(404));
    expect(await repositoryOf(registry).exists(descriptor)).toBe(false);
  });

  it("which is a login page has nothing", async () => {
    const { registry, storage } = await startWithStorage();
    storage.inject({}, answer(200, { "Content-Type": "text/html" }, "<html>Sign in</html>"));
    await expect(repositoryOf(registry).exists(descriptor)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_REDIRECT",
      message: expect.stringContaining("an HTML page") as string,
    });
  });
});

async function startWithStorage(): Promise<{ registry: TestRegistry; storage: TestRegistry }> {
  const registry = await startRegistry();
  const storage = await startRegistry();
  await fill(storage, image);
  registry.inject({ path: /\/blobs\/sha/ }, ({ request, response }) => {
    response.writeHead(307, { Location: `${storage.url}${request.url ?? ""}` }).end();
  });
  return { registry, storage };
}

describe("a blob that a registry has in part", () => {
  it("is sent again, in whole and not by a mount, and that is said", async () => {
    const { registry, repository, warnings } = await lab();
    registry.inject({ path: BLOB, method: "HEAD", times: 1 }, truncated(1000));
    registry.inject({ path: BLOB, method: "GET", times: 1 }, truncated(1000));
    expect(await repository.exists(descriptor)).toBe(false);
    repository.client.blobPlaces.note(descriptor.digest, "team/other");
    const result = await repository.push(descriptor, contentOf(layer.bytes, "test"));
    expect(result).toBe("copied");
    expect(registry.requests("POST", /mount=/)).toEqual([]);
    expect(registry.requests("PUT")[0]?.received).toBe(descriptor.size);
    expect(warnings()).toEqual([
      `team/app@${descriptor.digest} at source registry ${registry.host} has 1000 bytes, expected ${descriptor.size}: it is sent again`,
    ]);
  });

  it("is named if the registry keeps its part", async () => {
    const { registry, repository } = await lab();
    registry.inject({ path: BLOB }, truncated(1000));
    expect(await repository.exists(descriptor)).toBe(false);
    const error = await refusal(() => repository.push(descriptor, contentOf(layer.bytes, "test")));
    expect(error).toMatchObject({ code: "DRAY_TARGET_DAMAGED", kind: "refused" });
    expect(error.message).toContain(
      `expected ${descriptor.size} bytes, found 1000 after it was sent again`,
    );
  });
});

describe("a manifest at a registry", () => {
  const { root } = image;
  const MANIFEST = new RegExp(`/manifests/${root.descriptor.digest}$`);

  it.each([
    ["no length", length(undefined)],
    ["another length", length("12")],
    ["405", answer(405)],
  ])("is read where HEAD answers with %s", async (_what, fault) => {
    const { registry, repository } = await lab();
    registry.inject({ method: "HEAD" }, fault);
    expect(await repository.exists(root.descriptor)).toBe(true);
    registry.inject({ method: "GET", path: MANIFEST }, answer(200, {}, root.bytes.subarray(1)));
    expect(await repository.exists(root.descriptor)).toBe(false);
    registry.inject({ method: "GET", path: MANIFEST }, answer(404));
    expect(await repository.exists(root.descriptor)).toBe(false);
  });
});
