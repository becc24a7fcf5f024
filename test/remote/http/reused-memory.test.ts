import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { seededBytes } from "../../../fixtures/images.ts";
import { startLoopbackServer } from "../../../fixtures/loopback-server.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { FileRange, memoryInTurn } from "../../../src/archive/file-range.ts";
import { collect } from "../../../src/content/content.ts";
import { RateLimit } from "../../../src/remote/http/rate-limit.ts";
import { Transport } from "../../../src/remote/http/transport.ts";

const SIZE = 24 * 1024 * 1024 + 4321;

/** Takes a body now quickly, now slowly, and answers with its digest. */
const hashing: RequestListener = (request, response) => {
  const hash = createHash("sha256");
  let taken = 0;
  void (async () => {
    for await (const chunk of request) {
      hash.update(chunk as Buffer);
      taken += (chunk as Buffer).length;
      if (taken % 7 === 0) await sleep(2);
    }
    response.end(hash.digest("hex"));
  })();
};

describe("a body whose memory is written over while it is sent", () => {
  it.each([
    ["http", undefined, undefined],
    ["https", makeCertificate(["127.0.0.1"]), undefined],
    ["http in small pieces", undefined, 4 * 1024 * 1024 * 1024],
  ])("arrives as it is over %s", async (_what, tls, rate) => {
    const server = await startLoopbackServer(hashing, tls);
    onTestFinished(() => server.stop());
    const path = join(await temporaryDirectory(), "body");
    await writeFile(path, seededBytes("body", SIZE));
    const file = await open(path, "r");
    onTestFinished(() => file.close());
    const transport = new Transport({
      ca: tls === undefined ? [] : [tls.cert],
      limit: rate === undefined ? undefined : new RateLimit(rate),
    });
    onTestFinished(() => transport.close());
    const range = new FileRange(file, { pieces: undefined, size: SIZE });
    const response = await transport.send(new URL(server.url), {
      method: "PUT",
      headers: { "content-length": String(SIZE) },
      body: range.read(0, SIZE, { memory: memoryInTurn() }),
    });
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    expect((await collect(response.body)).toString()).toBe(hash.digest("hex"));
  });
});
