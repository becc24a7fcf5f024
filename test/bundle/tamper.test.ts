import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { fileOf } from "../../fixtures/archives.ts";
import { makeBundle, SIGNER, type MadeBundle } from "../../fixtures/bundles.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import {
  MEMBER_BYTES,
  MEMBER_HEADER,
  MEMBER_PAYLOAD,
} from "../../src/archive/members/gzip-members.ts";
import { DrayError } from "../../src/errors.ts";
import { built } from "../built.ts";
import { laterOutcome } from "../refusal.ts";
import type { VerifyReport } from "../../src/stories/verify.ts";
import { check, errorCodes, TRUST } from "./checking.ts";

/** The report on a good bundle; undefined for one that is refused, whenever that is found out. */
async function taken(path: string): Promise<VerifyReport | undefined> {
  const report = await laterOutcome(() => check(path));
  if (!(report instanceof DrayError)) return report.good ? report : undefined;
  if (report.kind !== "refused") throw report;
  return undefined;
}

async function isGood(path: string): Promise<boolean> {
  return (await taken(path)) !== undefined;
}

type Flip = (at: number, xor: number) => Promise<VerifyReport | undefined>;

/** A file whose bytes are changed one at a time and given back. */
async function flippable(bytes: Buffer): Promise<Flip> {
  const path = await fileOf(bytes);
  const file = await open(path, "r+");
  onTestFinished(() => file.close());
  return async (at, xor) => {
    await file.write(Buffer.from([bytes.readUInt8(at) ^ xor]), 0, 1, at);
    try {
      return await taken(path);
    } finally {
      await file.write(bytes, at, 1, at);
    }
  };
}

describe("a signed bundle", () => {
  let bytes: Buffer | undefined;

  async function bundle(): Promise<Buffer> {
    bytes ??= await readFile((await makeBundle()).path);
    return bytes;
  }

  it("is good as it was written", async () => {
    expect(await isGood(await fileOf(await bundle()))).toBe(true);
  });

  it("with any byte of its head flipped is refused", async () => {
    const whole = await bundle();
    const flipped = await flippable(whole);
    for (let at = 0; at < MEMBER_HEADER + 5 + 512; at++) {
      for (const xor of at < MEMBER_HEADER + 5 ? [1, 0x80, 0xff] : [0x20]) {
        expect([at, xor, await flipped(at, xor)]).toEqual([at, xor, undefined]);
      }
    }
    for (let at = whole.length - 8; at < whole.length; at++) {
      expect([at, 1, await flipped(at, 1)]).toEqual([at, 1, undefined]);
    }
  });

  it("with any byte anywhere flipped is refused", async () => {
    const whole = await bundle();
    const flipped = await flippable(whole);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, xor) => {
          expect(await flipped(at, xor)).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  it("with any stretch of bytes dropped, doubled, zeroed or moved is refused", async () => {
    const whole = await bundle();
    const { bundleDigest } = await check(await fileOf(whole));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.nat(60), fc.nat(whole.length - 1)),
        fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3000 })),
        fc.constantFrom("dropped", "doubled", "zeroed", "moved"),
        async (at, length, how) => {
          const end = Math.min(whole.length, at + length);
          const [before, piece, after] = [
            whole.subarray(0, at),
            whole.subarray(at, end),
            whole.subarray(end),
          ];
          const changed = {
            dropped: [before, after],
            doubled: [before, piece, piece, after],
            zeroed: [before, Buffer.alloc(piece.length), after],
            moved: [before, after, piece],
          }[how];
          const result = Buffer.concat(changed);
          fc.pre(!result.equals(whole));
          const path = await fileOf(result);
          if (!(await isGood(path))) return;
          // Without four bytes of its first header it is the same tar in another tool's gzip.
          const report = await check(path);
          expect([report.form, report.bundleDigest]).toEqual(["gzip, tar", bundleDigest]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is refused wherever it was cut", async () => {
    const whole = await bundle();
    const edges = [
      0,
      1,
      2,
      MEMBER_HEADER - 1,
      MEMBER_HEADER,
      512,
      whole.length - 9,
      whole.length - 8,
      whole.length - 1,
    ];
    for (const length of edges) {
      expect([length, await isGood(await fileOf(whole.subarray(0, length)))]).toEqual([
        length,
        false,
      ]);
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        expect(await isGood(await fileOf(whole.subarray(0, length)))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it("is refused with anything behind it", async () => {
    const whole = await bundle();
    for (const more of [Buffer.alloc(1), Buffer.alloc(512), Buffer.from("x"), whole]) {
      expect(await isGood(await fileOf(Buffer.concat([whole, more])))).toBe(false);
    }
  });
});

function largeBundle(): Promise<MadeBundle> {
  return makeBundle({ files: { large: seededBytes("large", 2 * MEMBER_PAYLOAD) } });
}

describe("a bundle of several members", () => {
  it("is refused with a byte flipped on either side of every boundary", async () => {
    const whole = await readFile((await largeBundle()).path);
    const flipped = await flippable(whole);
    const edges = [MEMBER_BYTES, 2 * MEMBER_BYTES];
    for (const edge of edges) {
      for (const by of [
        -9,
        -8,
        -1,
        0,
        3,
        12,
        16,
        20,
        27,
        MEMBER_HEADER,
        MEMBER_HEADER + 4,
        MEMBER_HEADER + 5,
      ]) {
        expect([edge + by, 1, await flipped(edge + by, 1)]).toEqual([edge + by, 1, undefined]);
      }
    }
  });

  it("is refused with its members swapped, dropped or doubled", async () => {
    const whole = await readFile((await largeBundle()).path);
    const [one, two, rest] = [
      whole.subarray(0, MEMBER_BYTES),
      whole.subarray(MEMBER_BYTES, 2 * MEMBER_BYTES),
      whole.subarray(2 * MEMBER_BYTES),
    ];
    for (const pieces of [
      [two, one, rest],
      [one, rest],
      [one, two],
      [one, two, two, rest],
      [rest],
    ]) {
      expect(await isGood(await fileOf(Buffer.concat(pieces)))).toBe(false);
    }
  });
});

describe("a bundle that is large enough for threads", () => {
  it("is refused with a byte flipped, whoever hashes it", async (context) => {
    const program = built("cli/dray.js");
    if (!existsSync(program)) context.skip("needs the build: npm run build");
    const made = await makeBundle({
      files: {
        "a.bin": seededBytes("a", 34 * 1024 * 1024),
        "b.bin": seededBytes("b", 34 * 1024 * 1024),
      },
    });
    const key = join(await temporaryDirectory(), "signer.pub");
    await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
    const run = (): number | null =>
      spawnSync(process.execPath, [program, "verify", made.path, "--key", key, "--quiet"]).status;
    expect(run()).toBe(0);
    const file = await open(made.path, "r+");
    onTestFinished(() => file.close());
    const middle = 5 * MEMBER_BYTES;
    const places = {
      "a member's header": middle + 5,
      "content in the middle of a file": middle + 100_000,
      "a member's checksum": middle + MEMBER_BYTES - 8,
    };
    for (const [place, at] of Object.entries(places)) {
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
      await file.write(Buffer.from([buffer.readUInt8(0) ^ 1]), 0, 1, at);
      expect([place, run()]).toEqual([place, 3]);
      await file.write(buffer, 0, 1, at);
    }
  });
});

describe("a plain tar of a bundle", () => {
  it("with any byte of content, name or size flipped is refused", async () => {
    const made = await makeBundle();
    const tar = execFileSync("gzip", ["-dc", made.path], { maxBuffer: 1 << 26 });
    const flipped = await flippable(tar);
    const good = await check(made.path);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(tar.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, xor) => {
          // Blanks in a signature's JSON, and the like, may change: nothing that anybody signed.
          const { manifest } = (await flipped(at, xor)) ?? good;
          expect(manifest).toEqual(good.manifest);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("a bundle by somebody else", () => {
  it("is refused, and its findings name what to do", async () => {
    const { path } = await makeBundle(undefined, { key: "none" });
    const report = await check(path);
    expect(errorCodes(report)).toEqual(["SIGNATURE_MISSING"]);
    expect(report.findings[0]?.hint).toMatch(/--allow-unsigned/);
    expect(await check(path, { ...TRUST, allowUnsigned: true })).toMatchObject({ good: true });
  });
});
