import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { changeHead } from "../../../fixtures/faults.ts";
import { makeLayer } from "../../../fixtures/images.ts";
import { basicDoor } from "../../../fixtures/token-server.ts";
import { contentOf } from "../../../src/content/memory.ts";
import { parseDigest } from "../../../src/oci/digest.ts";
import { uploadUrl, withDigest } from "../../../src/remote/registry/upload-session.ts";
import { login, repositoryOf, startHost, startRegistry } from "./lab.ts";

const blob = makeLayer("located", 50_000);
const content = contentOf(blob.bytes, "test");
const digest = parseDigest(`sha256:${"a".repeat(64)}`);

describe("uploadUrl()", () => {
  it.each([
    // Location, asked, wanted
    [
      "/v2/a/blobs/uploads/1?s=x%2By",
      "https://r.test/v2/",
      "https://r.test/v2/a/blobs/uploads/1?s=x%2By",
    ],
    [
      "1?_state=a.b-c",
      "https://r.test/v2/a/blobs/uploads/",
      "https://r.test/v2/a/blobs/uploads/1?_state=a.b-c",
    ],
    ["//other.test/u", "https://r.test/", "https://other.test/u"],
    ["https://r.test:5000/u", "https://r.test:5000/", "https://r.test:5000/u"],
    // a proxy lost the port
    ["https://r.test/u", "https://r.test:5000/", "https://r.test:5000/u"],
    // a proxy ended TLS and the registry does not know
    ["http://r.test/u", "https://r.test/", "https://r.test/u"],
    ["http://r.test:80/u", "https://r.test/", "https://r.test/u"],
    ["http://r.test/u", "https://r.test:8443/", "https://r.test:8443/u"],
    ["http://r.test:8443/u", "https://r.test:8443/", "https://r.test:8443/u"],
    ["http://R.TEST/u", "https://r.test/", "https://r.test/u"],
    // encryption that begins is no lost port
    ["https://r.test/u", "http://r.test:5000/", "https://r.test/u"],
    [
      "https://storage.test/u?X-Amz-Signature=a%2Fb",
      "https://r.test/",
      "https://storage.test/u?X-Amz-Signature=a%2Fb",
    ],
  ])("reads %s asked at %s", (location, asked, wanted) => {
    expect(uploadUrl(location, new URL(asked)).href).toBe(wanted);
  });

  it.each([
    [undefined, "there is none"],
    ["", "there is none"],
    ["https://", "cannot be read"],
    ["ftp://r.test/u", "ftp:"],
    ["file:///etc/passwd", "file:"],
    ["http://storage.test/u", "without encryption"],
    ["https://169.254.169.254/latest", "inside some network"],
    ["https://[fe80::1]/u", "inside some network"],
  ])("refuses %s", (location, reason) => {
    expect(() => uploadUrl(location, new URL("https://r.test/"))).toThrow(
      expect.objectContaining({
        code: "DRAY_REGISTRY_LOCATION",
        kind: "refused",
        message: expect.stringContaining(reason) as string,
      }),
    );
  });
});

describe("withDigest()", () => {
  it.each([
    ["https://r.test/u", `https://r.test/u?digest=sha256%3A${"a".repeat(64)}`],
    ["https://r.test/u?", `https://r.test/u?digest=sha256%3A${"a".repeat(64)}`],
    [
      "https://r.test/u?_state=a%2Fb==&x='y z'",
      `https://r.test/u?_state=a%2Fb==&x=%27y%20z%27&digest=sha256%3A${"a".repeat(64)}`,
    ],
  ])("adds to %s and touches nothing", (location, wanted) => {
    expect(withDigest(new URL(location), digest).href).toBe(wanted);
  });
});

describe("an upload that goes elsewhere", () => {
  it("takes the blob along and leaves the credentials at home", async () => {
    const registry = await startRegistry({ door: basicDoor({ alice: "secret" }) });
    const seen: { method: string | undefined; authorization: string | undefined; size: number }[] =
      [];
    const storage = await startHost((request, response) => {
      let size = 0;
      request.on("data", (chunk: Buffer) => (size += chunk.length));
      request.on("end", () => {
        const { authorization } = request.headers;
        seen.push({ method: request.method, authorization, size });
        response.writeHead(201).end();
      });
    });
    registry.inject(
      { method: "POST" },
      changeHead((headers) => {
        headers["location"] = `http://localhost:${storage.port}/store?signature=1`;
      }),
    );
    const repository = repositoryOf(registry, { credentials: login("alice", "secret") });
    await repository.push(blob.descriptor, content);
    expect(seen).toEqual([{ method: "PUT", authorization: undefined, size: blob.bytes.length }]);
    expect(registry.requests("POST")[0]?.headers.authorization).toMatch(/^Basic /);
  });

  it("gets no credentials even if it asks for them", async () => {
    const registry = await startRegistry({ door: basicDoor({ alice: "secret" }) });
    const logins: (string | undefined)[] = [];
    const thief = await startHost((request, response) => {
      logins.push(request.headers.authorization);
      request.resume();
      response.writeHead(401, { "WWW-Authenticate": 'Basic realm="mine"' }).end();
    });
    registry.inject(
      { method: "POST" },
      changeHead((headers) => {
        headers["location"] = `${thief.url}/store`;
      }),
    );
    const repository = repositoryOf(registry, { credentials: login("alice", "secret") });
    await expect(repository.push(blob.descriptor, content)).rejects.toMatchObject({ status: 401 });
    expect(logins.length).toBeGreaterThan(0);
    expect(logins.every((one) => one === undefined)).toBe(true);
  });

  it("is refused where it would give up encryption, and nothing is sent there", async () => {
    const tls = makeCertificate(["127.0.0.1"]);
    const registry = await startRegistry({ tls });
    let asked = 0;
    const plain = await startHost((_request, response) => {
      asked += 1;
      response.end();
    });
    registry.inject(
      { method: "POST" },
      changeHead((headers) => {
        headers["location"] = `http://localhost:${plain.port}/store`;
      }),
    );
    const repository = repositoryOf(registry, { ca: [tls.cert] });
    await expect(repository.push(blob.descriptor, content)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_LOCATION",
      kind: "refused",
    });
    expect(asked).toBe(0);
  });
});

describe("an upload at home", () => {
  it("goes to https though a registry behind TLS says http, with the port it lost", async () => {
    const tls = makeCertificate(["127.0.0.1"]);
    const registry = await startRegistry({ tls });
    registry.inject(
      { method: "POST" },
      changeHead((headers) => {
        headers["location"] = `http://127.0.0.1${headers["location"]}`;
      }),
    );
    const repository = repositoryOf(registry, { ca: [tls.cert] });
    await repository.push(blob.descriptor, content);
    expect(await repository.exists(blob.descriptor)).toBe(true);
  });

  it("keeps the credentials and every parameter of an absolute Location", async () => {
    const registry = await startRegistry({ door: basicDoor({ alice: "secret" }) });
    registry.inject(
      { method: "POST" },
      changeHead((headers) => {
        headers["location"] =
          `${registry.url}${headers["location"]}?_state=a%2Bb&_nouploadcache=false`;
      }),
    );
    const repository = repositoryOf(registry, { credentials: login("alice", "secret") });
    await repository.push(blob.descriptor, content);
    const [put] = registry.requests("PUT");
    expect(put?.path).toContain("?_state=a%2Bb&_nouploadcache=false&digest=sha256%3A");
    expect(put?.headers.authorization).toMatch(/^Basic /);
  });
});
