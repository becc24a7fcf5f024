import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { filesBelow, Running, scratch } from "./running.ts";

const valid = digestOf(Buffer.from("x"));

/** Sends bytes as they are and collects what comes until the other side closes. */
async function raw(registry: Running, ...lines: readonly string[]): Promise<string> {
  const socket = await dial(registry);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return read(socket);
}

async function dial(registry: Running): Promise<Socket> {
  const socket = createConnection(registry.registry.port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  return socket;
}

/** Sends `more` again and again until the other side closes, which no answer need survive. */
async function cutOff(socket: Socket, more: string): Promise<void> {
  const timer = setInterval(() => socket.write(more), 1);
  socket.resume();
  await closed(socket);
  clearInterval(timer);
}

/** Not once(): a connection that is cut may end in an error first. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

async function read(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe("names", () => {
  it.each([
    "/v2/../../etc/passwd/manifests/1",
    "/v2/a/../b/manifests/1",
    "/v2/a//b/manifests/1",
    "/v2/A/manifests/1",
    "/v2/a%00b/manifests/1",
    "/v2/a%2F..%2Fb/manifests/1",
    "/v2/-a/manifests/1",
    "/v2/a/./manifests/1",
    "/v2/a_/manifests/1",
    `/v2/${"a/".repeat(200)}b/manifests/1`,
    "/v2/a\\b/manifests/1",
    "/v2/a%0d%0aX-Injected:%201/manifests/1",
    "/v2/%ff/manifests/1",
  ])("that are none are refused: %s", async (path) => {
    const registry = await Running.start();
    const text = await raw(registry, `GET ${path} HTTP/1.1`, "Host: x", "Connection: close");
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('"NAME_INVALID"');
    expect(text).not.toMatch(/^x-injected/im);
  });

  it("with a port can be asked for, not pushed to", async () => {
    const registry = await Running.start();
    for (const name of ["host:5000/a", "Host.example/a"]) {
      expect((await registry.get(`/v2/${name}/manifests/1`)).codes).toEqual(["NAME_UNKNOWN"]);
      const push = await registry.send("POST", `/v2/${name}/blobs/uploads/`);
      expect([push.status, ...push.codes]).toEqual([400, "NAME_INVALID"]);
    }
  });

  it("of a mount are checked as well", async () => {
    const registry = await Running.start();
    const answer = await registry.send(
      "POST",
      `/v2/a/blobs/uploads/?mount=${valid}&from=../../etc`,
    );
    expect(answer.codes).toEqual(["NAME_INVALID"]);
  });

  it("that hang on ns do not reach the answer's headers", async () => {
    const registry = await Running.start();
    await registry.pushImage("a", "1");
    const answer = await registry.get("/v2/a/manifests/1?ns=evil%0d%0aX-Injected:%201");
    expect([answer.status, answer.headers["oci-namespace"]]).toEqual([200, undefined]);
  });
});

describe("digests", () => {
  it.each([
    "sha256:../../../etc/passwd",
    `sha256:${"a".repeat(63)}`,
    `sha256:${"A".repeat(64)}`,
    `sha256:${"a".repeat(62)}%2F.`,
    `md5:${"a".repeat(32)}`,
    "sha256",
    "..",
    "%2e%2e%2f%2e%2e%2foci-layout",
  ])("that are none are refused: %s", async (digest) => {
    const registry = await Running.start();
    await registry.pushBlob("a", Buffer.from("x"));
    for (const line of [`GET /v2/a/blobs/${digest}`, `DELETE /v2/a/blobs/${digest}`]) {
      const text = await raw(registry, `${line} HTTP/1.1`, "Host: x", "Connection: close");
      expect(text).toMatch(/^HTTP\/1\.1 (400|404|405) /);
      expect(text).toContain('"errors"');
    }
    const put = await registry.send("PUT", `/v2/a/blobs/uploads/x?digest=${digest}`);
    expect([400, 404]).toContain(put.status);
  });
});

describe("upload ids", () => {
  it.each(["..%2f..%2foci-layout", "x".repeat(5000), "%00", "*"])(
    "that nobody gave out are 404: %s",
    async (id) => {
      const registry = await Running.start();
      const answer = await registry.send("PATCH", `/v2/a/blobs/uploads/${id}`, {
        body: Buffer.from("x"),
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.text.length).toBeLessThan(1000);
    },
  );
});

describe("requests", () => {
  it.each(["/", "/v1/", "/v2/_catalog/x", "/v2/a/tags/x", "/v2/a", "/etc/passwd", "/v2"])(
    "for no endpoint are answered in the format of errors: %s",
    async (path) => {
      const registry = await Running.start();
      const answer = await registry.send(path === "/v2" ? "POST" : "GET", path);
      expect([404, 405]).toContain(answer.status);
      expect(answer.codes).toEqual(["UNSUPPORTED"]);
    },
  );

  it("with a method that an endpoint does not have are 405", async () => {
    const registry = await Running.start();
    for (const [method, path, allow] of [
      ["POST", "/v2/", "GET, HEAD"],
      ["PUT", "/v2/a/tags/list", "GET, HEAD"],
      ["OPTIONS", "/v2/a/manifests/1", "GET, HEAD, PUT, DELETE"],
      ["GET", "/v2/a/blobs/uploads/", "POST"],
    ] as const) {
      const answer = await registry.send(method, path);
      expect([answer.status, ...answer.codes]).toEqual([405, "UNSUPPORTED"]);
      expect(answer.headers["allow"]).toBe(allow);
    }
  });

  it("with headers that are too large are refused", async () => {
    const registry = await Running.start();
    const large = `X-Large: ${"x".repeat(20_000)}`;
    const text = await raw(registry, "GET /v2/ HTTP/1.1", "Host: x", large);
    expect(text).toMatch(/^HTTP\/1\.1 431 /);
    expect((await registry.get("/v2/")).status).toBe(200);
  });

  it("with headers that never end are cut off", async () => {
    const registry = await Running.start();
    const socket = await dial(registry);
    socket.write("GET /v2/ HTTP/1.1\r\nHost: x\r\n");
    await cutOff(socket, `X-More: ${"x".repeat(1000)}\r\n`);
    expect((await registry.get("/v2/")).status).toBe(200);
  });

  it("that are not HTTP are cut off", async () => {
    const registry = await Running.start();
    expect(await raw(registry, "\u0016\u0003\u0001 hello")).toMatch(/^HTTP\/1\.1 400 /);
    expect((await registry.get("/v2/")).status).toBe(200);
  });

  it("that are refused in the middle of a long body still get their answer", async () => {
    const registry = await Running.start();
    const socket = await dial(registry);
    const length = 64 * 1024 * 1024;
    socket.write(
      `PATCH /v2/a/blobs/uploads/none HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`,
    );
    let sent = 0;
    const part = Buffer.alloc(256 * 1024);
    const send = (): void => {
      while (sent < length && !socket.destroyed) {
        sent += part.length;
        if (!socket.write(part)) return void socket.once("drain", send);
      }
    };
    send();
    const text = await read(socket);
    expect(text).toMatch(/^HTTP\/1\.1 404 /);
    expect(text).toMatch(/^connection: close/im);
    expect(text).toContain("BLOB_UPLOAD_UNKNOWN");
  });

  it("that never end are cut off", async () => {
    const registry = await Running.start();
    const socket = await dial(registry);
    socket.write(
      "PUT /v2/a/manifests/.. HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    await cutOff(socket, "5\r\nhello\r\n");
    expect((await registry.get("/v2/")).status).toBe(200);
  });
});

describe("a client that goes silent", () => {
  it("in the middle of an upload is cut off, and can go on", async () => {
    const registry = await Running.start({ idleTimeoutMs: 500 });
    const bytes = randomBytes(1000);
    const location = await registry.begin("a");
    const socket = await dial(registry);
    socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n`);
    socket.write(bytes.subarray(0, 400));
    expect(await read(socket)).toBe("");
    const done = await registry.send("PUT", `${location}?digest=${digestOf(bytes)}`, {
      body: bytes.subarray(400),
      headers: { "content-range": "400-999" },
    });
    expect(done.status).toBe(201);
  });

  it("in the middle of a download is cut off", async () => {
    const registry = await Running.start({ idleTimeoutMs: 200 });
    const { digest } = await registry.pushBlob("a", randomBytes(32 * 1024 * 1024));
    const socket = await dial(registry);
    const theirs = registry.nextConnection();
    const ours = closed(socket);
    socket.pause();
    socket.write(`GET /v2/a/blobs/${digest} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await closed(await theirs);
    let received = 0;
    socket.on("data", (chunk: Buffer) => (received += chunk.length));
    socket.resume();
    await ours;
    expect(received).toBeLessThan(32 * 1024 * 1024);
    expect((await registry.head(`/v2/a/blobs/${digest}`)).status).toBe(200);
    expect(registry.warnings).toEqual([]);
  });
});

describe("uploads that nobody ends", () => {
  it("are limited in number", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    let refused = 0;
    for (let round = 0; round < 21; round++) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => registry.send("POST", "/v2/a/blobs/uploads/")),
      );
      for (const answer of answers.filter(({ status }) => status !== 202)) {
        expect([answer.status, ...answer.codes]).toEqual([429, "TOOMANYREQUESTS"]);
        expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
        refused++;
      }
    }
    expect(refused).toBe(100);
    await registry.registry.close();
    expect((await filesBelow(path)).filter((name) => name.startsWith("ingest/"))).toEqual([]);
  });
});
