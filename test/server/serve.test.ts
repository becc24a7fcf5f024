import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createConnection, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { ImageLayout } from "../../src/layout/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { startRun } from "../../src/events.ts";
import { openWritableCatalog } from "../../src/server/layout-catalog.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { serve } from "../../src/stories/serve.ts";
import { createRegistry } from "../../src/server/registry.ts";
import { Running, scratch, untilIngested } from "./running.ts";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

describe("serve", () => {
  it("makes a directory that does not exist, or is empty, when it is writable", async () => {
    const path = await scratch();
    await (await Running.start({ path })).registry.close();
    expect(await (await ImageLayout.open(path)).roots()).toEqual([]);
    const empty = await scratch();
    await mkdir(empty);
    await (await Running.start({ path: empty })).registry.close();
    expect(await exists(join(empty, "oci-layout"))).toBe(true);
  });

  it("does not make one when it is read-only, nor takes over one that is something else", async () => {
    const path = await scratch();
    await expect(serve({ path, port: 0 })).rejects.toMatchObject({ code: "DRAY_FILE_NOT_FOUND" });
    expect(await exists(path)).toBe(false);
    await mkdir(path);
    await writeFile(join(path, "letter.txt"), "dear");
    await expect(serve({ path, writable: true, port: 0 })).rejects.toMatchObject({
      code: "DRAY_LAYOUT_INVALID",
      kind: "usage",
      hint: expect.stringContaining("Name a directory with oci-layout") as string,
    });
    await expect(serve({ path, port: 0 })).rejects.toMatchObject({ code: "DRAY_BUNDLE_REFUSED" });
    expect(await readdir(path)).toEqual(["letter.txt"]);
  });

  it("refuses a file that is no bundle, and a bundle that is to be written to", async () => {
    const path = await scratch();
    await writeFile(path, "bundle");
    await expect(serve({ path, port: 0 })).rejects.toMatchObject({ code: "DRAY_ARCHIVE_UNKNOWN" });
    await expect(serve({ path, port: 0, writable: true })).rejects.toMatchObject({
      code: "DRAY_SERVE_INVALID",
    });
  });

  it("serves a bundle from where it lies, if somebody trusted has signed it", async () => {
    const { path, parts } = await makeBundle();
    await expect(serve({ path, port: 0 })).rejects.toMatchObject({ code: "DRAY_BUNDLE_REFUSED" });
    const registry = await serve({ path, port: 0, trust: { keys: [SIGNER.publicKey] } });
    expect(registry.repositories).toContain("team/app");
    const answer = await fetch(`${registry.url}/v2/team/app/manifests/1.0`);
    const digest = digestOf(Buffer.from(await answer.arrayBuffer()));
    expect(parts.roots.map((root) => root.digest)).toContain(digest);
    await registry.close();
  });

  it("serves an unpacked bundle as the file, signed and unchanged or not at all", async () => {
    const { path } = await makeBundle();
    const directory = join(await scratch(), "out");
    const trust = { keys: [SIGNER.publicKey] };
    await unpack({ path, trust, directory }, { workDirectory: tmpdir() });
    await expect(serve({ path: directory, port: 0 })).rejects.toMatchObject({
      code: "DRAY_BUNDLE_REFUSED",
    });
    const registry = await serve({ path: directory, port: 0, trust });
    expect(registry.repositories).toContain("team/app");
    await registry.close();
    await writeFile(join(directory, "index.json"), '{"schemaVersion":2,"manifests":[]}');
    await expect(serve({ path: directory, port: 0, trust })).rejects.toMatchObject({
      code: "DRAY_BUNDLE_REFUSED",
    });
  });

  it("without a path is a registry in a directory of its own, for as long as it runs", async () => {
    const before = new Set(await readdir(tmpdir()));
    const registry = await serve({ writable: true, port: 0 });
    const made = (await readdir(tmpdir())).filter(
      (name) => name.startsWith("dray-serve-") && !before.has(name),
    );
    expect(made.length).toBeGreaterThan(0);
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
    await registry.close();
    const left = await Promise.all(made.map((name) => exists(join(tmpdir(), name))));
    expect(left).toContain(false);
    await expect(serve({ port: 0 })).rejects.toMatchObject({ code: "DRAY_SERVE_INVALID" });
  });

  it("stops when its signal says so", async () => {
    const controller = new AbortController();
    const path = await scratch();
    const registry = await serve({ path, writable: true, port: 0 }, { signal: controller.signal });
    controller.abort();
    await registry.closed;
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow(/fetch failed/);
    await registry.close();
    await expect(serve({ path, port: 0 }, { signal: controller.signal })).rejects.toThrow(/abort/i);
  });

  it("says which port is taken", async () => {
    const first = await Running.start();
    const path = await scratch();
    await expect(serve({ path, writable: true, port: first.registry.port })).rejects.toMatchObject({
      code: "DRAY_SERVER_UNAVAILABLE",
      message: `Cannot listen on 127.0.0.1:${first.registry.port}: another program listens there`,
    });
  });

  it("warns when everybody can push", async () => {
    const open = await Running.start({ host: "0.0.0.0" });
    expect(open.warnings.join()).toContain("no authentication");
    const local = await Running.start();
    expect(local.warnings).toEqual([]);
  });

  it("listens on an IPv6 address", async () => {
    const registry = await Running.start({ host: "::1" });
    expect(registry.registry.url).toBe(`http://[::1]:${registry.registry.port}`);
    expect((await registry.get("/v2/")).status).toBe(200);
  });

  it("answers with full locations when asked to", async () => {
    const registry = await Running.start({ absoluteLocations: true });
    const location = await registry.begin("a");
    expect(location.startsWith(`${registry.registry.url}/v2/a/blobs/uploads/`)).toBe(true);
    const bytes = randomBytes(10);
    const done = await registry.send("PUT", `${location}?digest=${digestOf(bytes)}`, {
      body: bytes,
    });
    expect(done.headers["location"]).toBe(`${registry.registry.url}/v2/a/blobs/${digestOf(bytes)}`);
  });

  it("lets a request under way end, and then stops", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const bytes = randomBytes(1000);
    const location = await registry.begin("a");
    const socket = createConnection(registry.registry.port, "127.0.0.1");
    await once(socket, "connect");
    const target = `${location}?digest=${digestOf(bytes)}`;
    socket.write(`PUT ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n`);
    socket.write(bytes.subarray(0, 500));
    await untilIngested(path, 500);
    const closing = registry.registry.close();
    await delay(50);
    socket.write(bytes.subarray(500));
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 201 /);
    await closing;
  });

  it("cuts off whoever does not end", async () => {
    const path = await scratch();
    const registry = await Running.start({ path, closeGraceMs: 200 });
    const location = await registry.begin("a");
    const socket = createConnection(registry.registry.port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx`);
    await untilIngested(path, 1);
    await registry.registry.close();
    // Not once(): a connection that is cut may end in an error first.
    if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
    expect(socket.destroyed).toBe(true);
  });
});

describe("TLS", () => {
  it("is served with the key and certificate that are given", async () => {
    const path = await scratch();
    await mkdir(dirname(path), { recursive: true });
    const [key, cert] = [`${path}.key`, `${path}.crt`];
    execFileSync(
      "openssl",
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout ${key} -out ${cert}`.split(
        " ",
      ),
      { stdio: "ignore" },
    );
    const tls = { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
    const registry = await Running.start({ path, tls, absoluteLocations: true });
    expect(registry.registry.url).toMatch(/^https:/);
    const image = await registry.pushImage("a", "1");
    expect((await registry.get("/v2/a/manifests/1")).body.equals(image.bytes)).toBe(true);
    const { digest } = await registry.pushBlob("a", randomBytes(3_000_000));
    expect((await registry.get(`/v2/a/blobs/${digest}`)).body.length).toBe(3_000_000);
  });

  it("refuses what is no key", async () => {
    const path = await scratch();
    const tls = { key: "key", cert: "cert" };
    await expect(serve({ path, writable: true, port: 0, tls })).rejects.toMatchObject({
      code: "DRAY_TLS_INVALID",
    });
  });
});

describe("the listener of a registry", () => {
  it("works behind whatever a server of one's own puts in front of it", async () => {
    const registry = createRegistry(await openWritableCatalog(await scratch(), startRun({})));
    const server = createServer((request, response) => {
      if (request.headers.authorization === "Bearer right") registry.listener(request, response);
      else response.writeHead(401).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(async () => {
      server.closeAllConnections();
      server.close();
      await registry.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`;
    expect((await fetch(url)).status).toBe(401);
    const headers = { authorization: "Bearer right" };
    expect((await fetch(url, { headers })).status).toBe(200);
  });
});
