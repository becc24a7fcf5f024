import { createHash } from "node:crypto";
import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../../fixtures/certificates.ts";
import { seededBytes } from "../../../fixtures/images.ts";
import { startLoopbackServer, type LoopbackServer } from "../../../fixtures/loopback-server.ts";
import { collect, type Bytes } from "../../../src/content/content.ts";
import { recycled } from "../../../src/remote/http/read-memory.ts";
import { Transport, type TransportResponse } from "../../../src/remote/http/transport.ts";

const CONTENT = seededBytes("body", 24 * 1024 * 1024 + 4321);
const DIGEST = createHash("sha256").update(CONTENT).digest("hex");

/** More than are on their way of one answer: in the socket, in undici, at whoever reads. */
const MOST_BUFFERS = 16;
/** Smaller ones hold copies. */
const LENT_BYTES = 256 * 1024;

const sized: RequestListener = (_request, response) => {
  response.setHeader("content-length", CONTENT.length);
  response.end(CONTENT);
};

const chunked: RequestListener = (_request, response) => {
  for (let at = 0; at < CONTENT.length; at += 10_000) {
    response.write(CONTENT.subarray(at, at + 10_000));
  }
  response.end();
};

const cutOff: RequestListener = (_request, response) => {
  response.setHeader("content-length", CONTENT.length);
  response.write(CONTENT.subarray(0, CONTENT.length / 2), () => response.destroy());
};

/** Much at once, and then little by little. */
const trickling: RequestListener = (_request, response) => {
  void (async () => {
    response.write(CONTENT.subarray(0, 4 * 1024 * 1024));
    for (let time = 0; time < 5; time++) {
      await sleep(20);
      response.write(CONTENT.subarray(0, 100));
    }
    response.end();
  })();
};

function open(server: LoopbackServer, ca: string[] = []): Ask {
  onTestFinished(() => server.stop());
  const transport = new Transport({ ca });
  onTestFinished(() => transport.close());
  return () => transport.send(new URL(server.url), { method: "GET" });
}

type Ask = () => Promise<TransportResponse>;

/** Looks at each piece as late as it may: when the next one has come. */
async function readLate(body: Bytes): Promise<{ digest: string; lent: number }> {
  const hash = createHash("sha256");
  const lent = new Set<ArrayBufferLike>();
  let before: Uint8Array = Buffer.alloc(0);
  for await (const piece of body) {
    hash.update(before);
    before = piece;
    if (piece.buffer.byteLength === LENT_BYTES) lent.add(piece.buffer);
  }
  return { digest: hash.update(before).digest("hex"), lent: lent.size };
}

describe("memory that answers are read into", () => {
  it.each([
    ["of a known length", sized, undefined],
    ["in chunks", chunked, undefined],
    ["over TLS", sized, makeCertificate(["127.0.0.1"])],
  ])("is used again and again for one answer %s", async (_what, listener, tls) => {
    const server = await startLoopbackServer(listener, tls);
    const ask = open(server, tls === undefined ? [] : [tls.cert]);
    const { digest, lent } = await readLate(recycled((await ask()).body));
    expect(digest).toBe(DIGEST);
    expect(lent).toBeLessThanOrEqual(MOST_BUFFERS);
  });

  it("stays with an answer that is kept while others come", async () => {
    const ask = open(await startLoopbackServer(sized));
    const kept = ask().then(({ body }) => collect(body));
    const late = Array.from({ length: 3 }, async () => readLate(recycled((await ask()).body)));
    for (const { digest } of await Promise.all(late)) expect(digest).toBe(DIGEST);
    expect((await kept).equals(CONTENT)).toBe(true);
  });

  it("is not another's while nothing but little follows, which may wait to be sent on with it", async () => {
    const ask = open(await startLoopbackServer(trickling));
    const askForMore = open(await startLoopbackServer(sized));
    const come: Uint8Array[] = [];
    for await (const piece of recycled((await ask()).body)) come.push(piece);
    const last = come.findLast(({ buffer }) => buffer.byteLength === LENT_BYTES);
    const before = Buffer.from(last ?? []);
    await readLate(recycled((await askForMore()).body));
    expect(before.length).toBeGreaterThan(0);
    expect(before.equals(last ?? Buffer.alloc(0))).toBe(true);
  });

  it("brings what came before a connection broke, and then says so", async () => {
    const ask = open(await startLoopbackServer(cutOff));
    const { body } = await ask();
    let come = 0;
    const reading = (async () => {
      for await (const piece of recycled(body)) come += piece.length;
    })();
    await expect(reading).rejects.toThrow(/closed|terminated|reset/i);
    expect(come).toBeGreaterThan(0);
  });
});
