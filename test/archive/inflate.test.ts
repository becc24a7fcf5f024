import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { gunzip } from "../../src/archive/inflate.ts";
import { collect, type Bytes } from "../../src/content/content.ts";
import { DrayError } from "../../src/errors.ts";
import { laterOutcome } from "../refusal.ts";

const HELLO = gzipSync("hello");

/** As a file gives it, so that some pieces come when the last member has ended. */
async function* inPieces(bytes: Buffer, size: number): Bytes {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function outcomeOf(bytes: Buffer, size: number): Promise<string> {
  const found = await laterOutcome(() => collect(gunzip(inPieces(bytes, size), "it")));
  return found instanceof DrayError ? found.code : found.toString("latin1");
}

const SIZES = [1, 7, 64 * 1024, 1024 * 1024];

describe("a gzip", () => {
  it.each(SIZES)("is read to its last member, %i bytes at a time", async (size) => {
    expect(await outcomeOf(Buffer.concat([HELLO, HELLO, HELLO]), size)).toBe("hellohellohello");
  });

  it.each(SIZES)("may have zeros behind it, %i bytes at a time", async (size) => {
    expect(await outcomeOf(Buffer.concat([HELLO, Buffer.alloc(1)]), size)).toBe("hello");
    expect(await outcomeOf(Buffer.concat([HELLO, Buffer.alloc(3000)]), size)).toBe("hello");
  });

  it.each(SIZES)("with anything else behind it is refused, %i bytes at a time", async (size) => {
    for (const behind of [
      Buffer.from("x"),
      Buffer.from("rubbish"),
      Buffer.from("\0x"),
      Buffer.concat([Buffer.alloc(2000), Buffer.from("x")]),
      Buffer.concat([Buffer.alloc(10), HELLO]),
      HELLO.subarray(0, 5),
    ]) {
      expect(await outcomeOf(Buffer.concat([HELLO, behind]), size)).toBe("DRAY_GZIP_DAMAGED");
    }
  });

  it("lets go of its source when nobody reads on", async () => {
    let isClosed = false;
    async function* endless(): Bytes {
      try {
        for (;;) yield HELLO;
      } finally {
        isClosed = true;
      }
    }
    for await (const piece of gunzip(endless(), "it")) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(isClosed).toBe(true);
  });
});
