import { execFileSync, spawnSync } from "node:child_process";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { fileOf, framed, framedPieces, makeTar } from "../../../fixtures/archives.ts";
import { seededBytes } from "../../../fixtures/images.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { FileRange, memoryInTurn } from "../../../src/archive/file-range.ts";
import {
  BLOCK_PAYLOAD,
  framedSize,
  MEMBER_BYTES,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
} from "../../../src/archive/members/gzip-members.ts";
import { MemberTar } from "../../../src/archive/members/member-reader.ts";
import { collect, discard, type Bytes } from "../../../src/content/content.ts";
import { DrayError } from "../../../src/errors.ts";
import { needs } from "../../programs.ts";
import { list, opened } from "../listing.ts";

/** A tar, or what stands for one, in a file that is open until the test ends. */
async function memberTar(bytes: Buffer): Promise<MemberTar | undefined> {
  const path = join(await temporaryDirectory(), "framed");
  await writeFile(path, bytes);
  const file = await open(path, "r");
  onTestFinished(() => file.close());
  return MemberTar.open(
    new FileRange(file, { pieces: [{ path, size: bytes.length }], size: bytes.length }),
  );
}

async function tarOf(bytes: Buffer): Promise<MemberTar> {
  const tar = await memberTar(bytes);
  if (tar === undefined) throw new Error("expected the framing");
  return tar;
}

/** The whole tar with every check. */
async function readAll(tar: MemberTar): Promise<Buffer> {
  return collect(tar.read(0, tar.size, { check: true }));
}

const damaged = { code: "DRAY_FRAMING_DAMAGED", kind: "refused" };

const BOUNDARIES = [
  1,
  2,
  511,
  512,
  BLOCK_PAYLOAD - 1,
  BLOCK_PAYLOAD,
  BLOCK_PAYLOAD + 1,
  16 * BLOCK_PAYLOAD - 1,
  16 * BLOCK_PAYLOAD,
  16 * BLOCK_PAYLOAD + 1,
  MEMBER_PAYLOAD - 1,
  MEMBER_PAYLOAD,
  MEMBER_PAYLOAD + 1,
  MEMBER_PAYLOAD + BLOCK_PAYLOAD,
  2 * MEMBER_PAYLOAD,
  2 * MEMBER_PAYLOAD + 1,
];

describe("the arithmetic", () => {
  it("says what a tar of any size takes, at every boundary", async () => {
    for (const size of BOUNDARIES) {
      expect((await framed(Buffer.alloc(size))).length).toBe(framedSize(size));
    }
  });

  it("costs a hundredth of a percent", () => {
    expect(MEMBER_BYTES / MEMBER_PAYLOAD).toBeLessThan(1.0001);
  });
});

describe("a framed tar", () => {
  it("gives at every boundary what gunzip, gzip and random access read alike", async () => {
    for (const size of BOUNDARIES) {
      const content = seededBytes(`size ${size}`, size);
      const bytes = await framed(content);
      expect(gunzipSync(bytes).equals(content)).toBe(true);
      const tar = await tarOf(bytes);
      expect(tar.size).toBe(size);
      expect((await readAll(tar)).equals(content)).toBe(true);
      expect((await collect(tar.read(0, size))).equals(content)).toBe(true);
    }
  });

  it("gives the same whatever pieces the tar comes in", async () => {
    const content = seededBytes("pieces", 200_000);
    const whole = await framed(content);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1 }),
        async (lengths) => {
          async function* pieces(): Bytes {
            let at = 0;
            for (let turn = 0; at < content.length; turn++) {
              const length = lengths[turn % lengths.length] || 1;
              yield content.subarray(at, at + length);
              at += length;
            }
          }
          expect((await collect(framedPieces(pieces()))).equals(whole)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("gives nothing for nothing", async () => {
    expect(await framed(Buffer.alloc(0))).toHaveLength(0);
  });

  it("carries sizes and numbers where docs/bundle-format.md says", async () => {
    const bytes = await framed(seededBytes("header", MEMBER_PAYLOAD + 100));
    const second = bytes.subarray(MEMBER_BYTES);
    expect(second.subarray(0, 16).toString("hex")).toBe("1f8b08040000000000ff100064720c00");
    expect(second.readUInt32LE(16)).toBe(100);
    expect(second.readBigUInt64LE(20)).toBe(1n);
  });

  it.for([
    ["gzip", "-t"],
    ["tar", "-tzf"],
    ["pigz", "-t"],
    ["bsdtar", "-tzf"],
    ["python3", "-m", "tarfile", "-t"],
  ] as const)("writes what %s takes", async ([program, ...args], context) => {
    needs(context, program);
    const large = { name: "a", content: seededBytes("large", MEMBER_PAYLOAD + 100) };
    const path = await fileOf(
      await framed(makeTar([large, { name: "b", content: "x" }])),
      "x.tar.gz",
    );
    const { status, stderr } = spawnSync(program, [...args, path], { encoding: "utf8" });
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
  });
});

describe("random access", () => {
  const size = 2 * MEMBER_PAYLOAD + 3 * BLOCK_PAYLOAD + 17;
  const content = seededBytes("random access", size);

  it("equals a slice, wherever it begins and ends", async () => {
    const tar = await tarOf(await framed(content));
    const edges = [0, BLOCK_PAYLOAD, 16 * BLOCK_PAYLOAD, MEMBER_PAYLOAD, 2 * MEMBER_PAYLOAD, size];
    const place = fc.oneof(
      fc.nat(size),
      fc
        .tuple(fc.constantFrom(...edges), fc.integer({ min: -2, max: 2 }))
        .map(([edge, by]) => Math.min(size, Math.max(0, edge + by))),
    );
    await fc.assert(
      fc.asyncProperty(place, place, fc.boolean(), async (one, other, check) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const read = await collect(tar.read(from, to - from, { check }));
        expect(read.equals(content.subarray(from, to))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("beyond the end is refused", async () => {
    const tar = await tarOf(await framed(content.subarray(0, 1000)));
    const truncated = { code: "DRAY_ARCHIVE_TRUNCATED", kind: "refused" };
    await expect(collect(tar.read(0, 1001))).rejects.toMatchObject(truncated);
    await expect(collect(tar.read(1000, 1))).rejects.toMatchObject(truncated);
    expect(await collect(tar.read(1000, 0))).toHaveLength(0);
  });
});

/** What is read of these bytes, or the refusal. */
async function outcome(bytes: Buffer): Promise<Buffer | DrayError> {
  try {
    const tar = await memberTar(bytes);
    return tar === undefined ? gunzipSync(bytes) : await readAll(tar);
  } catch (error) {
    if (error instanceof DrayError) return error;
    // Not even gzip any more.
    return new DrayError("DRAY_GZIP_DAMAGED", String(error));
  }
}

/** Changes single bytes of one file, and gives them back. */
async function changeable(bytes: Buffer): Promise<(at: number, xor: number) => Promise<unknown>> {
  const path = join(await temporaryDirectory(), "framed");
  await writeFile(path, bytes);
  const file = await open(path, "r+");
  onTestFinished(() => file.close());
  const memory = memoryInTurn();
  return async (at, xor) => {
    await file.write(Buffer.from([bytes.readUInt8(at) ^ xor]), 0, 1, at);
    try {
      const tar = await MemberTar.open(
        new FileRange(file, { pieces: [{ path, size: bytes.length }], size: bytes.length }),
      );
      return tar === undefined
        ? "another kind of gzip"
        : await discard(tar.read(0, tar.size, { check: true, memory }));
    } catch (error) {
      return error;
    } finally {
      await file.write(bytes, at, 1, at);
    }
  };
}

describe("a framed file that changed", () => {
  const content = seededBytes("changed", MEMBER_PAYLOAD + 100_000);

  it("in any byte of any header, block or trailer is refused", async () => {
    const bytes = await framed(content);
    const changed = await changeable(bytes);
    const stretches = [
      [2, MEMBER_HEADER + 5],
      [MEMBER_HEADER + BLOCK_PAYLOAD + 5, 5],
      [MEMBER_BYTES - 8, 8 + MEMBER_HEADER + 5],
      [bytes.length - 8, 8],
    ] as const;
    for (const [from, length] of stretches) {
      for (let at = from; at < from + length; at++) {
        for (const xor of [1, 0x80]) {
          expect(await changed(at, xor)).toMatchObject(damaged);
        }
      }
    }
  });

  it("in any byte at all is refused", async () => {
    const bytes = await framed(content);
    const changed = await changeable(bytes);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, xor) => {
          expect(await changed(at, xor)).toMatchObject(damaged);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("is refused wherever it was cut", async () => {
    const bytes = await framed(content.subarray(0, MEMBER_PAYLOAD + 70_000));
    const edges = [0, 1, 10, MEMBER_HEADER, MEMBER_BYTES, bytes.length];
    const places = edges.flatMap((edge) => [edge - 1, edge, edge + 1]);
    for (const length of places.filter((place) => place >= 0 && place < bytes.length)) {
      const found = await outcome(bytes.subarray(0, length));
      const lost = found instanceof DrayError || !found.equals(content);
      expect([length, lost]).toEqual([length, true]);
    }
  });

  it("cut between two members gives a shorter tar, which the end marker tells", async () => {
    const large = { name: "x", content: content.subarray(0, MEMBER_PAYLOAD + 70_000) };
    const bytes = await framed(makeTar([large]));
    const archive = await opened(bytes.subarray(0, MEMBER_BYTES));
    await expect(list(archive)).rejects.toMatchObject({ code: "DRAY_ARCHIVE_TRUNCATED" });
  });

  it("with bytes behind its end is refused, whatever they are", async () => {
    const bytes = await framed(content.subarray(0, 10_000));
    const more = [
      Buffer.from([0]),
      Buffer.from("x"),
      Buffer.alloc(36),
      Buffer.alloc(512),
      bytes,
      Buffer.from("1f8b", "hex"),
    ];
    for (const piece of more) {
      await expect(memberTar(Buffer.concat([bytes, piece]))).rejects.toMatchObject(damaged);
    }
  });

  it("with members dropped, doubled or swapped is refused", async () => {
    const bytes = await framed(seededBytes("three members", 2 * MEMBER_PAYLOAD + 100));
    const [one, two, three] = [
      bytes.subarray(0, MEMBER_BYTES),
      bytes.subarray(MEMBER_BYTES, 2 * MEMBER_BYTES),
      bytes.subarray(2 * MEMBER_BYTES),
    ];
    for (const pieces of [
      [two, one, three],
      [one, one, two, three],
      [one, two, two, three],
      [one, three],
      [two, three],
      [three],
      [one, three, two],
      [one, two, three, three],
    ]) {
      expect(await outcome(Buffer.concat(pieces))).toBeInstanceOf(DrayError);
    }
  });

  it("with any stretch of bytes dropped or doubled is refused, or gives the same tar", async () => {
    const tar = content.subarray(0, 200_000);
    const bytes = await framed(tar);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 5000 }),
        fc.boolean(),
        async (at, length, doubled) => {
          const end = Math.min(bytes.length, at + length);
          const pieces = doubled
            ? [bytes.subarray(0, end), bytes.subarray(at)]
            : [bytes.subarray(0, at), bytes.subarray(end)];
          const found = await outcome(Buffer.concat(pieces));
          // Without four bytes of its first header it is good gzip of no framing.
          const good = found instanceof DrayError || found.length === 0 || found.equals(tar);
          expect(good).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("by another tool is no framing, and is read as a stream", async () => {
    const tar = makeTar([{ name: "a", content: "x" }]);
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "tar"), tar);
    const packed = execFileSync("gzip", ["-c", join(directory, "tar")]);
    expect(await memberTar(packed)).toBeUndefined();
    expect(await list(await opened(packed))).toHaveLength(1);
    // bgzip uses the same extra field for something else.
    const bgzip = Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex");
    expect(await memberTar(bgzip)).toBeUndefined();
  });
});
