import { createHash, randomBytes } from "node:crypto";
import { createConnection, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { filesBelow, Running, scratch, untilIngested, type Answer } from "./running.ts";

const bytes = randomBytes(3000);
const digest = digestOf(bytes);

async function expectBlob(registry: Running, name = "a", content = bytes): Promise<void> {
  const answer = await registry.get(`/v2/${name}/blobs/${digestOf(content)}`);
  expect(answer.status).toBe(200);
  expect(answer.body.equals(content)).toBe(true);
}

/** A chunk, with or without saying which bytes it is. */
interface Part {
  readonly body: Buffer;
  readonly range?: string;
}

function patch(registry: Running, location: string, { body, range }: Part): Promise<Answer> {
  const headers = range === undefined ? {} : { "content-range": range };
  return registry.send("PATCH", location, { body, headers });
}

async function* inPieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 100) yield content.subarray(at, at + 100);
}

describe("an upload", () => {
  it("is a POST and a PUT", async () => {
    const registry = await Running.start();
    const begun = await registry.send("POST", "/v2/a/blobs/uploads/");
    expect(begun.status).toBe(202);
    expect(begun.headers["location"]).toMatch(/^\/v2\/a\/blobs\/uploads\/[0-9a-f-]{36}$/);
    expect(begun.headers["range"]).toBe("0-0");
    const location = begun.headers["location"] ?? "";
    const done = await registry.send("PUT", `${location}?digest=${digest}`, { body: bytes });
    expect(done.status).toBe(201);
    expect(done.headers["location"]).toBe(`/v2/a/blobs/${digest}`);
    expect(done.headers["docker-content-digest"]).toBe(digest);
    await expectBlob(registry);
    expect((await registry.get(location)).codes).toEqual(["BLOB_UPLOAD_UNKNOWN"]);
  });

  it("is one POST with a digest", async () => {
    const registry = await Running.start();
    const answer = await registry.send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, {
      body: bytes,
    });
    expect([answer.status, answer.headers["location"]]).toEqual([201, `/v2/a/blobs/${digest}`]);
    await expectBlob(registry);
  });

  it("is chunks in order, the last one with the PUT or before it", async () => {
    const registry = await Running.start();
    const location = await registry.begin("a");
    const first = await patch(registry, location, {
      body: bytes.subarray(0, 1000),
      range: "0-999",
    });
    expect([first.status, first.headers["range"]]).toEqual([202, "0-999"]);
    expect(first.headers["location"]).toBe(location);
    const second = await patch(registry, location, {
      body: bytes.subarray(1000, 1001),
      range: "1000-1000",
    });
    expect([second.status, second.headers["range"]]).toEqual([202, "0-1000"]);
    const done = await registry.send("PUT", `${location}?digest=${digest}`, {
      body: bytes.subarray(1001),
      headers: { "content-range": "1001-2999" },
    });
    expect(done.status).toBe(201);
    await expectBlob(registry);
  });

  it("is a stream of unknown length", async () => {
    const registry = await Running.start();
    const location = await registry.begin("a");
    const answer = await registry.send("PATCH", location, { body: inPieces(bytes) as never });
    expect([answer.status, answer.headers["range"]]).toEqual([202, "0-2999"]);
    const done = await registry.send("PUT", `${location}?digest=${digest}`);
    expect(done.status).toBe(201);
    await expectBlob(registry);
  });

  it.each(["1001-2000", "0-999", "999-1999", "5000-6000", "2-1", "bytes 1000-1999", "x"])(
    "out of order is 416 and says where to go on: %s",
    async (range) => {
      const registry = await Running.start();
      const location = await registry.begin("a");
      await patch(registry, location, { body: bytes.subarray(0, 1000), range: "0-999" });
      for (const method of ["PATCH", "PUT"]) {
        const answer = await registry.send(method, `${location}?digest=${digest}`, {
          body: bytes.subarray(1000, 2000),
          headers: { "content-range": range },
        });
        expect([answer.status, ...answer.codes]).toEqual([416, "BLOB_UPLOAD_INVALID"]);
        expect(answer.headers["range"]).toBe("0-999");
        expect(answer.headers["location"]).toBe(location);
      }
      const status = await registry.get(location);
      expect([status.status, status.headers["range"]]).toEqual([204, "0-999"]);
    },
  );

  it("whose chunk is not as long as its range is 400 SIZE_INVALID", async () => {
    const registry = await Running.start();
    const location = await registry.begin("a");
    const wrong = await patch(registry, location, {
      body: bytes.subarray(0, 1000),
      range: "0-998",
    });
    expect([wrong.status, ...wrong.codes]).toEqual([400, "SIZE_INVALID"]);
    const streamed = await registry.send("PATCH", location, {
      body: inPieces(bytes.subarray(0, 1000)) as never,
      headers: { "content-range": "0-998" },
    });
    expect([streamed.status, ...streamed.codes]).toEqual([400, "SIZE_INVALID"]);
  });

  it("whose chunk is shorter than its range is 400 and can go on after what came", async () => {
    const registry = await Running.start();
    const location = await registry.begin("a");
    const short = await registry.send("PATCH", location, {
      body: inPieces(bytes.subarray(0, 1000)) as never,
      headers: { "content-range": "0-2000" },
    });
    expect([short.status, ...short.codes]).toEqual([400, "SIZE_INVALID"]);
    expect((await registry.get(location)).headers["range"]).toBe("0-999");
    const rest = await patch(registry, location, {
      body: bytes.subarray(1000),
      range: "1000-2999",
    });
    expect(rest.status).toBe(202);
    expect((await registry.send("PUT", `${location}?digest=${digest}`)).status).toBe(201);
  });

  it("has status and can be canceled", async () => {
    const registry = await Running.start();
    const location = await registry.begin("a");
    await patch(registry, location, { body: bytes.subarray(0, 10) });
    const status = await registry.get(location);
    expect([status.status, status.headers["range"]]).toEqual([204, "0-9"]);
    expect((await registry.send("DELETE", location)).status).toBe(204);
    for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
      const answer = await registry.send(method, `${location}?digest=${digest}`);
      expect([answer.status, ...answer.codes]).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    }
  });

  it("belongs to its repository", async () => {
    const registry = await Running.start();
    const location = await registry.begin("a");
    const elsewhere = location.replace("/v2/a/", "/v2/b/");
    expect((await registry.get(elsewhere)).status).toBe(404);
  });

  it("without a usable digest is 400 and can go on", async () => {
    const registry = await Running.start();
    const location = await registry.begin("a");
    for (const query of ["", "?digest=", "?digest=sha256:abc", "?digest=md5:abc"]) {
      const answer = await registry.send("PUT", `${location}${query}`, { body: bytes });
      expect([answer.status, ...answer.codes]).toEqual([400, "DIGEST_INVALID"]);
    }
    const answer = await registry.send("PUT", `${location}?digest=${digest}`, { body: bytes });
    expect(answer.status).toBe(201);
  });

  it.each(["sha256", "sha512"] as const)(
    "begun as %s can end with a digest of either kind",
    async (algorithm) => {
      const registry = await Running.start();
      for (const wanted of [digest, digestOf(bytes, "sha512")]) {
        const location = await registry.begin("a", `?digest-algorithm=${algorithm}`);
        await patch(registry, location, { body: bytes.subarray(0, 1000) });
        const answer = await registry.send("PUT", `${location}?digest=${wanted}`, {
          body: bytes.subarray(1000),
        });
        expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([201, wanted]);
        const got = await registry.get(`/v2/a/blobs/${wanted}`);
        expect(got.body.equals(bytes)).toBe(true);
      }
    },
  );

  it("with an unknown digest algorithm is 400", async () => {
    const registry = await Running.start();
    const answer = await registry.send("POST", "/v2/a/blobs/uploads/?digest-algorithm=md5");
    expect([answer.status, ...answer.codes]).toEqual([400, "DIGEST_INVALID"]);
  });

  it("of the same blob by many at once succeeds for all", async () => {
    const registry = await Running.start();
    const large = randomBytes(2_000_000);
    const names = Array.from({ length: 12 }, (_, index) => `r${index % 4}`);
    await Promise.all(names.map((name) => registry.pushBlob(name, large)));
    for (const name of names) await expectBlob(registry, name, large);
    expect(registry.warnings).toEqual([]);
  });
});

describe("content that is not what its digest says", () => {
  it("is refused and leaves nothing", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const before = await filesBelow(path);
    const lie = digestOf(Buffer.from("something else"));
    const whole = await registry.send("POST", `/v2/a/blobs/uploads/?digest=${lie}`, {
      body: bytes,
    });
    expect([whole.status, ...whole.codes]).toEqual([400, "DIGEST_INVALID"]);
    const location = await registry.begin("a");
    await patch(registry, location, { body: bytes });
    const answer = await registry.send("PUT", `${location}?digest=${lie}`);
    expect([answer.status, ...answer.codes]).toEqual([400, "DIGEST_INVALID"]);
    expect(await filesBelow(path)).toEqual(before);
    for (const wanted of [lie, digest]) {
      expect((await registry.head(`/v2/a/blobs/${wanted}`)).status).toBe(404);
    }
    expect((await registry.get(location)).status).toBe(404);
  });

  it("does not touch a blob that is there", async () => {
    const registry = await Running.start();
    await registry.pushBlob("a", bytes);
    const answer = await registry.send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, {
      body: Buffer.from("lie"),
    });
    expect(answer.status).toBe(400);
    await expectBlob(registry);
  });
});

/** A client that says it will send 3000 bytes. */
async function dial(registry: Running, location: string): Promise<Socket> {
  const socket = createConnection(registry.registry.port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n`);
  return socket;
}

const EXPIRY_MS = 60 * 60 * 1000;

describe("a client that breaks off", () => {
  it("can go on where it was", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const location = await registry.begin("a");
    const socket = await dial(registry, location);
    socket.write(bytes.subarray(0, 1234));
    await untilIngested(path, 1234);
    socket.destroy();
    const status = await registry.get(location);
    expect([status.status, status.headers["range"]]).toEqual([204, "0-1233"]);
    const answer = await registry.send("PUT", `${location}?digest=${digest}`, {
      body: bytes.subarray(1234),
      headers: { "content-range": "1234-2999" },
    });
    expect(answer.status).toBe(201);
    await expectBlob(registry);
    expect(registry.warnings).toEqual([]);
  });

  it("and comes back before the server noticed takes over from itself", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const location = await registry.begin("a");
    const socket = await dial(registry, location);
    // Not once(): a connection that is cut may end in an error first.
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(bytes.subarray(0, 1000));
    await untilIngested(path, 1000);
    const answer = await patch(registry, location, {
      body: bytes.subarray(1000),
      range: "1000-2999",
    });
    expect([answer.status, answer.headers["range"]]).toEqual([202, "0-2999"]);
    await closed;
    expect((await registry.send("PUT", `${location}?digest=${digest}`)).status).toBe(201);
    await expectBlob(registry);
  });

  it("and asks where it was before the server noticed gets an answer that holds", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const location = await registry.begin("a");
    const socket = await dial(registry, location);
    socket.write(bytes.subarray(0, 1000));
    await untilIngested(path, 1000);
    expect((await registry.get(location)).headers["range"]).toBe("0-999");
    socket.write(bytes.subarray(1000));
    await delay(50);
    expect((await registry.get(location)).headers["range"]).toBe("0-999");
    socket.destroy();
  });

  it("in a single POST leaves nothing", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const socket = createConnection(registry.registry.port, "127.0.0.1");
    await once(socket, "connect");
    const target = `/v2/a/blobs/uploads/?digest=${digest}`;
    socket.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n`);
    socket.write(bytes.subarray(0, 1000));
    await untilIngested(path, 1000);
    socket.destroy();
    await untilIngested(path);
    expect(registry.warnings).toEqual([]);
  });

  it("for good is forgotten after a while", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const path = await scratch();
    const registry = await Running.start({ path, uploadExpiryMs: EXPIRY_MS });
    const location = await registry.begin("a");
    await patch(registry, location, { body: bytes.subarray(0, 10) });
    vi.advanceTimersByTime(2 * EXPIRY_MS);
    await untilIngested(path);
    expect((await registry.get(location)).codes).toEqual(["BLOB_UPLOAD_UNKNOWN"]);
  });

  it("while somebody is at work on it does not expire", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const path = await scratch();
    const registry = await Running.start({ path, uploadExpiryMs: EXPIRY_MS });
    const location = await registry.begin("a");
    const socket = await dial(registry, location);
    socket.write(bytes.subarray(0, 600));
    await untilIngested(path, 600);
    vi.advanceTimersByTime(2 * EXPIRY_MS);
    socket.write(bytes.subarray(600));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 202 /);
    socket.destroy();
  });
});

describe("a mount", () => {
  it("makes a blob of another repository present", async () => {
    const registry = await Running.start();
    await registry.pushBlob("a", bytes);
    expect((await registry.head(`/v2/b/blobs/${digest}`)).status).toBe(404);
    const answer = await registry.send("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`);
    expect([answer.status, answer.headers["location"]]).toEqual([201, `/v2/b/blobs/${digest}`]);
    await expectBlob(registry, "b");
  });

  it("without from finds the blob wherever it is", async () => {
    const registry = await Running.start();
    await registry.pushBlob("a", bytes);
    const answer = await registry.send("POST", `/v2/b/blobs/uploads/?mount=${digest}`);
    expect(answer.status).toBe(201);
    await expectBlob(registry, "b");
  });

  it.each(["&from=a", "&from=c", "&from=nowhere", ""])(
    "of a blob that is not there begins an upload: %s",
    async (from) => {
      const registry = await Running.start();
      await registry.pushBlob("c", Buffer.from("other"));
      const answer = await registry.send("POST", `/v2/b/blobs/uploads/?mount=${digest}${from}`);
      expect(answer.status).toBe(202);
      const location = answer.headers["location"] ?? "";
      const done = await registry.send("PUT", `${location}?digest=${digest}`, { body: bytes });
      expect(done.status).toBe(201);
    },
  );

  it("from a repository that does not have it is no mount, even if another has it", async () => {
    const registry = await Running.start();
    await registry.pushBlob("a", bytes);
    await registry.pushBlob("c", Buffer.from("other"));
    const answer = await registry.send("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=c`);
    expect(answer.status).toBe(202);
  });
});

describe("a large upload", () => {
  it("is hashed and kept right over many chunks", async () => {
    const registry = await Running.start();
    const chunk = randomBytes(1_500_001);
    const hash = createHash("sha256");
    const location = await registry.begin("a");
    for (let index = 0; index < 8; index++) {
      hash.update(chunk);
      expect((await patch(registry, location, { body: chunk })).status).toBe(202);
    }
    const whole = `sha256:${hash.digest("hex")}`;
    expect((await registry.send("PUT", `${location}?digest=${whole}`)).status).toBe(201);
    const head = await registry.head(`/v2/a/blobs/${whole}`);
    expect(head.headers["content-length"]).toBe(String(8 * chunk.length));
  });
});
