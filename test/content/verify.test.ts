import fc from "fast-check";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { seededBytes } from "../../fixtures/images.ts";
import { collect, discard, type Bytes, type Source } from "../../src/content/content.ts";
import { DocumentCache } from "../../src/content/document-cache.ts";
import { readPlainFile } from "../../src/intake/files.ts";
import { authored, contentOf, once } from "../../src/content/memory.ts";
import { readVerified, verified } from "../../src/content/verify.ts";
import { digestOf, type DigestAlgorithm } from "../../src/oci/digest.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { MAX_MANIFEST_BYTES } from "../../src/oci/json.ts";
import { fileOf } from "../../fixtures/archives.ts";
import { refusal } from "../refusal.ts";

const CONTENT = seededBytes("content", 10_000);

function describeBytes(bytes: Buffer, algorithm: DigestAlgorithm = "sha256"): Descriptor {
  return { mediaType: "a/b", digest: digestOf(bytes, algorithm), size: bytes.length };
}

async function* pieces(bytes: Buffer, length: number): Bytes {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function readAs(bytes: Bytes, expected: Descriptor): Promise<Buffer> {
  return collect(verified(bytes, expected, { from: "somewhere" }));
}

describe("verified()", () => {
  it.each(["sha256", "sha512"] as const)(
    "passes on what has the right size and %s",
    async (algorithm) => {
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array(),
          fc.integer({ min: 1, max: 50 }),
          async (bytes, length) => {
            const content = Buffer.from(bytes);
            const read = await readAs(pieces(content, length), describeBytes(content, algorithm));
            expect(read.equals(content)).toBe(true);
          },
        ),
      );
    },
  );

  it("refuses content that is a byte short, and says from where it came", async () => {
    const error = await refusal(() => readAs(once(CONTENT.subarray(1)), describeBytes(CONTENT)));
    expect(error).toMatchObject({ code: "DRAY_CONTENT_MISMATCH", kind: "refused" });
    expect(error.message).toContain("somewhere");
    expect(error.message).toContain("expected 10000 bytes, found 9999");
  });

  it("refuses no content at all where some is expected", async () => {
    await expect(readAs(pieces(Buffer.alloc(0), 1), describeBytes(CONTENT))).rejects.toThrow(
      /found 0/,
    );
  });

  it("takes no content where none is expected", async () => {
    expect(await readAs(pieces(Buffer.alloc(0), 1), describeBytes(Buffer.alloc(0)))).toHaveLength(
      0,
    );
  });

  it("stops at the first byte too many and reads no further", async () => {
    let asked = 0;
    async function* endless(): Bytes {
      for (;;) {
        asked++;
        yield CONTENT;
      }
    }
    const expected = { ...describeBytes(CONTENT), size: 25_000 };
    await expect(readAs(endless(), expected)).rejects.toThrow(/found more/);
    expect(asked).toBe(3);
  });

  it("gives nothing of the piece that is too much", async () => {
    const got: Uint8Array[] = [];
    const content = verified(
      pieces(CONTENT, 4000),
      { ...describeBytes(CONTENT), size: 9000 },
      {
        from: "somewhere",
      },
    );
    await expect(
      (async () => {
        for await (const piece of content) got.push(piece);
      })(),
    ).rejects.toThrow(/found more/);
    expect(Buffer.concat(got)).toHaveLength(8000);
  });

  it("refuses any single byte that is another", async () => {
    const expected = describeBytes(CONTENT);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(CONTENT.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, xor) => {
          const changed = Buffer.from(CONTENT);
          changed.writeUInt8(changed.readUInt8(at) ^ xor, at);
          const error = await refusal(() => readAs(once(changed), expected));
          expect(error.message).toContain(digestOf(changed));
        },
      ),
    );
  });

  it("does not take a sha256 for a sha512 of the same bytes", async () => {
    const expected = describeBytes(CONTENT, "sha512");
    await expect(readAs(once(CONTENT.subarray(1)), expected)).rejects.toThrow(/found 9999/);
    expect(await readAs(once(CONTENT), expected)).toHaveLength(CONTENT.length);
  });

  it("goes on in the middle with the state of what was read before", async () => {
    const expected = describeBytes(CONTENT);
    for (const size of [0, 1, 4096, 9999, 10_000]) {
      const hash = createHash("sha256").update(CONTENT.subarray(0, size));
      const rest = verified(once(CONTENT.subarray(size)), expected, {
        from: "x",
        resumed: { hash, size },
      });
      expect((await collect(rest)).equals(CONTENT.subarray(size))).toBe(true);
    }
  });

  it("refuses the whole if the part before the middle was another", async () => {
    const hash = createHash("sha256").update(Buffer.alloc(5000));
    const rest = verified(once(CONTENT.subarray(5000)), describeBytes(CONTENT), {
      from: "x",
      resumed: { hash, size: 5000 },
    });
    await expect(collect(rest)).rejects.toMatchObject({ code: "DRAY_CONTENT_MISMATCH" });
  });

  it("closes the source when the reader stops early or the content is refused", async () => {
    let closed = 0;
    async function* watched(): Bytes {
      try {
        yield* pieces(CONTENT, 100);
      } finally {
        closed++;
      }
    }
    for await (const piece of verified(watched(), describeBytes(CONTENT), { from: "x" })) {
      expect(piece).toHaveLength(100);
      break;
    }
    expect(closed).toBe(1);
    await refusal(() => readAs(watched(), { ...describeBytes(CONTENT), size: 50 }));
    expect(closed).toBe(2);
  });

  it("lets the source's own error through", async () => {
    async function* failing(): Bytes {
      yield CONTENT.subarray(0, 10);
      throw new Error("the line went dead");
    }
    await expect(readAs(failing(), describeBytes(CONTENT))).rejects.toThrow("the line went dead");
  });
});

function sourceOf(bytes: Buffer): Source {
  return { name: "there", fetch: () => once(bytes) };
}

async function* zerosWithoutEnd(): Bytes {
  for (;;) yield Buffer.alloc(1024 * 1024);
}

describe("readVerified()", () => {
  it("reads a small blob whole", async () => {
    expect(await readVerified(sourceOf(CONTENT), describeBytes(CONTENT))).toEqual(CONTENT);
  });

  it("refuses 2^52 bytes before it asks for the first", async () => {
    let asked = false;
    const lying: Source = {
      name: "there",
      fetch: () => {
        asked = true;
        return once(CONTENT);
      },
    };
    for (const size of [MAX_MANIFEST_BYTES + 1, 2 ** 52]) {
      const error = await refusal(() => readVerified(lying, { ...describeBytes(CONTENT), size }));
      expect(error).toMatchObject({ code: "DRAY_CONTENT_TOO_LARGE", kind: "refused" });
    }
    expect(asked).toBe(false);
  });

  it("holds no more than was announced, however much comes", async () => {
    const lying: Source = { name: "there", fetch: () => zerosWithoutEnd() };
    await expect(readVerified(lying, describeBytes(CONTENT))).rejects.toThrow(/found more/);
  });
});

describe("DocumentCache", () => {
  it("asks for each document once, also when two ask at the same time", async () => {
    let asked = 0;
    const cache = new DocumentCache({
      name: "there",
      async *fetch() {
        asked++;
        yield CONTENT;
      },
    });
    const expected = describeBytes(CONTENT);
    await Promise.all([cache.read(expected), cache.read(expected)]);
    expect(await collect(cache.fetch(expected, { offset: 9000 }))).toEqual(CONTENT.subarray(9000));
    expect(asked).toBe(1);
  });

  it("asks again after a failure", async () => {
    let asked = 0;
    const cache = new DocumentCache({
      name: "there",
      async *fetch() {
        if (asked++ === 0) throw new Error("not now");
        yield CONTENT;
      },
    });
    await expect(cache.read(describeBytes(CONTENT))).rejects.toThrow("not now");
    expect(await cache.read(describeBytes(CONTENT))).toEqual(CONTENT);
  });

  it("has what was added without asking", async () => {
    const made = authored("a/b", Buffer.from("made here"));
    const cache = new DocumentCache({ name: "there", fetch: () => once(Buffer.alloc(0)) });
    cache.add(made);
    expect(await cache.read(made.descriptor)).toEqual(made.bytes);
  });
});

describe("content that can be opened again", () => {
  it("begins at any byte, from memory and from a file", async () => {
    const path = await fileOf(CONTENT);
    const { source } = await readPlainFile({ path, as: "content.bin" });
    for (const offset of [0, 1, 9999, 10_000]) {
      const rest = CONTENT.subarray(offset);
      expect(await collect(contentOf(CONTENT, "memory").open(offset))).toEqual(rest);
      expect(await collect(source.fetch(describeBytes(CONTENT), { offset }))).toEqual(rest);
    }
  });
});

describe("discard()", () => {
  it("reads to the end", async () => {
    await expect(
      discard(verified(once(CONTENT), { ...describeBytes(CONTENT), size: 1 }, { from: "x" })),
    ).rejects.toThrow(/found more/);
  });
});
