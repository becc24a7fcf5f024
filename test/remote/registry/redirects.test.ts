import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { answer } from "../../../fixtures/faults.ts";
import { seededBytes } from "../../../fixtures/images.ts";
import type { LoopbackServer } from "../../../fixtures/loopback-server.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { basicDoor } from "../../../fixtures/token-server.ts";
import { nextUrl } from "../../../src/remote/http/redirects.ts";
import { fill, login, oneLayerImage, read, repositoryOf, startHost, startRegistry } from "./lab.ts";

const alice = login("alice", "secret");
const image = oneLayerImage("redirected", 100_000);
const bytes = image.blobs.find(({ descriptor }) => descriptor.digest === image.layer.digest)?.bytes;

async function startGuarded(): Promise<TestRegistry> {
  const registry = await startRegistry({ door: basicDoor({ alice: "secret" }) });
  await fill(registry, image);
  return registry;
}

interface Storage extends LoopbackServer {
  readonly logins: (string | undefined)[];
}

/** Another host that has the layer, and shows who came with which credentials. */
async function startStorage(content: Buffer = bytes ?? Buffer.alloc(0)): Promise<Storage> {
  const logins: (string | undefined)[] = [];
  const host = await startHost((request, response) => {
    logins.push(request.headers.authorization);
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    const start = Number(range ?? 0);
    const body = content.subarray(start);
    response.writeHead(range === undefined ? 200 : 206, {
      "Content-Length": body.length,
      ...(range === undefined
        ? {}
        : { "Content-Range": `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    response.end(body);
  });
  return { ...host, logins };
}

function redirectBlobs(registry: TestRegistry, location: string): void {
  registry.inject({ method: "GET", path: /\/blobs\// }, ({ request, response, proceed }) => {
    if (request.headers.authorization === undefined) proceed();
    else answer(307, { Location: location })({ request, response, proceed });
  });
}

describe("a redirect of a blob", () => {
  it("to another port of the host is followed without credentials", async () => {
    const registry = await startGuarded();
    const storage = await startStorage();
    redirectBlobs(registry, `${storage.url}/blob?signature=x%2Fy`);
    const repository = repositoryOf(registry, { credentials: alice });
    expect(await read(repository, image.layer)).toHaveLength(image.layer.size);
    expect(registry.requests("GET", /blobs/)[0]?.headers.authorization).toMatch(/^Basic /);
    expect(storage.logins).toEqual([undefined]);
  });

  it("to another host is followed without credentials", async () => {
    const registry = await startGuarded();
    const storage = await startStorage();
    redirectBlobs(registry, `http://localhost:${storage.port}/blob`);
    expect(await read(repositoryOf(registry, { credentials: alice }), image.layer)).toHaveLength(
      image.layer.size,
    );
    expect(storage.logins).toEqual([undefined]);
  });

  it("within the registry keeps the credentials, and may be relative", async () => {
    const registry = await startGuarded();
    const path = `/v2/team/app/blobs/${image.layer.digest}`;
    registry.inject({ path: /\/blobs\//, times: 1 }, answer(307, { Location: `${path}?again` }));
    expect(await read(repositoryOf(registry, { credentials: alice }), image.layer)).toHaveLength(
      image.layer.size,
    );
    expect(registry.requests("GET", /again$/)[0]?.headers.authorization).toMatch(/^Basic /);
  });

  it("that comes back home does not get the credentials back", async () => {
    const registry = await startGuarded();
    const away = await startHost((_request, response) => {
      response.writeHead(302, { Location: `${registry.url}/v2/home` }).end();
    });
    redirectBlobs(registry, `${away.url}/`);
    registry.inject({ path: /home/ }, answer(200, {}, bytes ?? ""));
    expect(await read(repositoryOf(registry, { credentials: alice }), image.layer)).toHaveLength(
      image.layer.size,
    );
    expect(registry.requests("GET", /home/)[0]?.headers.authorization).toBeUndefined();
  });

  it("to itself ends after five", async () => {
    const registry = await startGuarded();
    const path = `/v2/team/app/blobs/${image.layer.digest}`;
    registry.inject({ path: /\/blobs\// }, answer(301, { Location: path }));
    await expect(
      read(repositoryOf(registry, { credentials: alice }), image.layer),
    ).rejects.toMatchObject({
      code: "DRAY_REGISTRY_REDIRECT",
      kind: "refused",
      message: expect.stringContaining("more than 5 redirects") as string,
    });
    expect(registry.requests("GET", /blobs/)).toHaveLength(6);
  });

  it("from https to http is refused, and the other host is not asked", async () => {
    const tls = makeCertificate(["127.0.0.1"]);
    const registry = await startRegistry({ tls });
    const storage = await startStorage();
    registry.inject({ path: /\/blobs\// }, answer(307, { Location: `${storage.url}/blob` }));
    const repository = repositoryOf(registry, { ca: [tls.cert] });
    await expect(read(repository, image.layer)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_REDIRECT",
      kind: "refused",
      message: expect.stringContaining("unencrypted http") as string,
    });
    expect(storage.logins).toEqual([]);
  });

  it("to a host with other bytes is caught", async () => {
    const registry = await startGuarded();
    const storage = await startStorage(seededBytes("other", image.layer.size));
    redirectBlobs(registry, `${storage.url}/blob`);
    await expect(
      read(repositoryOf(registry, { credentials: alice }), image.layer),
    ).rejects.toMatchObject({ code: "DRAY_CONTENT_MISMATCH", kind: "refused" });
  });

  it("is asked for anew when the other host breaks off, since its address may have expired", async () => {
    const registry = await startGuarded();
    let answers = 0;
    const storage = await startStorage();
    const flaky = await startHost((request, response) => {
      answers += 1;
      if (answers > 1) {
        storage.server.emit("request", request, response);
        return;
      }
      response.writeHead(200, { "Content-Length": image.layer.size });
      response.write(bytes?.subarray(0, 30_000), () => request.socket.destroy());
    });
    redirectBlobs(registry, `${flaky.url}/blob`);
    expect(await read(repositoryOf(registry, { credentials: alice }), image.layer)).toHaveLength(
      image.layer.size,
    );
    expect(registry.requests("GET", /blobs/)).toHaveLength(2);
    expect(storage.logins).toEqual([undefined]);
  });

  it("names the host that failed", async () => {
    const registry = await startGuarded();
    const gone = await startStorage();
    await gone.stop();
    redirectBlobs(registry, `${gone.url}/blob`);
    await expect(
      read(repositoryOf(registry, { credentials: alice }), image.layer),
    ).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(`no answer from ${gone.host}`) as string,
    });
  });
});

describe("a redirect of a manifest", () => {
  it("is followed without credentials, and its digest is checked", async () => {
    const registry = await startGuarded();
    const storage = await startStorage(image.root.bytes);
    registry.inject(
      { method: "GET", path: /manifests/ },
      answer(303, { Location: `${storage.url}/m` }),
    );
    const repository = repositoryOf(registry, { credentials: alice });
    expect(await read(repository, image.root.descriptor)).toEqual(image.root.bytes);
    expect(storage.logins).toEqual([undefined]);
  });
});

describe("an answer with status 3xx", () => {
  it.each([300, 304, 307])("%i and no Location is an error", async (status) => {
    const registry = await startGuarded();
    registry.inject({ path: /manifests/ }, answer(status));
    await expect(
      repositoryOf(registry, { credentials: alice }).resolve("1.0"),
    ).rejects.toMatchObject({ code: "DRAY_REGISTRY_FAILED", status });
  });
});

describe("a redirect with an empty Location", () => {
  it("leads nowhere, and not to itself", async () => {
    const registry = await startRegistry();
    registry.inject({ path: /manifests/ }, answer(307, { Location: "" }));
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      status: 307,
      message: expect.stringMatching(/answered 307$/) as string,
    });
    expect(registry.requests("GET", /manifests/).length).toBeLessThan(2);
  });
});

describe("nextUrl()", () => {
  const from = new URL("https://r.test/v2/a/blobs/sha256:x?y=z");

  it.each([
    ["/b?c", "https://r.test/b?c"],
    ["b", "https://r.test/v2/a/blobs/b"],
    ["//cdn.test/b", "https://cdn.test/b"],
    ["https://cdn.test/b%2Fc?sig=a%2Bb", "https://cdn.test/b%2Fc?sig=a%2Bb"],
  ])("reads %s", (location, wanted) => {
    expect(nextUrl(location, from).href).toBe(wanted);
  });

  it.each([
    "file:///etc/passwd",
    "ftp://r.test/",
    "javascript:1",
    "data:,x",
    "https://",
    "http://r.test/",
  ])("refuses %s", (location) => {
    expect(() => nextUrl(location, from)).toThrow(
      expect.objectContaining({ code: "DRAY_REGISTRY_REDIRECT" }),
    );
  });
});
