import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTar } from "../../fixtures/archives.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { unzstd } from "../../src/archive/zstd.ts";
import { collect } from "../../src/content/content.ts";
import { once } from "../../src/content/memory.ts";
import { DrayError } from "../../src/errors.ts";
import { needs } from "../programs.ts";
import { laterOutcome } from "../refusal.ts";
import { list, opened } from "./listing.ts";

/** The lower half of XXH64 over `hello`, as it stands behind a frame. */
const CHECKSUM = Buffer.from("a36d9f88", "hex");

/** A frame of raw or repeated blocks, made by hand. RFC 8878 §3.1.1 */
function frame({
  descriptor = 0x20,
  header = [5],
  block = Buffer.from([(5 << 3) | 1, 0, 0, ...Buffer.from("hello")]),
}: { descriptor?: number; header?: readonly number[]; block?: Buffer } = {}): Buffer {
  return Buffer.concat([Buffer.from("28b52ffd", "hex"), Buffer.of(descriptor, ...header), block]);
}

const SKIPPABLE = Buffer.concat([
  Buffer.from("5a2a4d18", "hex"),
  Buffer.from([3, 0, 0, 0]),
  Buffer.from("abc"),
]);

async function decompressed(bytes: Buffer): Promise<string> {
  return (await collect(unzstd(once(bytes), "it"))).toString("latin1");
}

async function compressed(content: Buffer, ...flags: string[]): Promise<Buffer> {
  const path = join(await temporaryDirectory(), "content");
  await writeFile(path, content);
  execFileSync("zstd", ["-q", ...flags, path, "-o", `${path}.zst`]);
  return readFile(`${path}.zst`);
}

describe("zstd", () => {
  it("gives all frames one behind the other, and passes over others", async () => {
    expect(await decompressed(frame())).toBe("hello");
    const frames = [SKIPPABLE, frame(), SKIPPABLE, frame(), SKIPPABLE];
    expect(await decompressed(Buffer.concat(frames))).toBe("hellohello");
    expect(await decompressed(SKIPPABLE)).toBe("");
  });

  it("takes thousands of small frames in one piece", async () => {
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => frame()));
    expect(await decompressed(many)).toHaveLength(100_000);
  });

  it("of a window beyond 8 MiB is refused with the way out, before memory is taken for it", async () => {
    for (const bytes of [
      frame({ descriptor: 0, header: [(14 << 3) | 0] }),
      frame({ descriptor: 0xe0, header: [0, 0, 0, 0, 0, 1, 0, 0] }),
      Buffer.concat([frame(), frame({ descriptor: 0, header: [0xff] })]),
    ]) {
      await expect(decompressed(bytes)).rejects.toMatchObject({
        code: "DRAY_ARCHIVE_UNSUPPORTED",
        hint: expect.stringContaining("zstd -d") as string,
      });
    }
  });

  it("that was cut anywhere, or goes on with rubbish, is refused", async () => {
    const whole = Buffer.concat([SKIPPABLE, frame({ descriptor: 0x24 }), CHECKSUM]);
    expect(await decompressed(whole)).toBe("hello");
    const bounds = new Set([0, SKIPPABLE.length]);
    for (let length = 0; length < whole.length; length++) {
      const found = await laterOutcome(() => decompressed(whole.subarray(0, length)));
      const fate = found instanceof DrayError ? found.code : found;
      expect([length, fate]).toEqual([length, bounds.has(length) ? "" : "DRAY_ZSTD_DAMAGED"]);
    }
    const behind = Buffer.concat([whole, Buffer.from("rubbish")]);
    await expect(decompressed(behind)).rejects.toMatchObject({ code: "DRAY_ZSTD_DAMAGED" });
  });

  it("with another checksum than its content has is refused, in whatever frame", async () => {
    const good = Buffer.concat([frame({ descriptor: 0x24 }), CHECKSUM]);
    const bad = Buffer.concat([frame({ descriptor: 0x24 }), Buffer.alloc(4)]);
    expect(await decompressed(Buffer.concat([good, good]))).toBe("hellohello");
    for (const bytes of [bad, Buffer.concat([good, bad]), Buffer.concat([bad, good])]) {
      await expect(decompressed(bytes)).rejects.toMatchObject({
        code: "DRAY_ZSTD_DAMAGED",
        message: expect.stringContaining("checksum") as string,
      });
    }
  });

  it.each([[Buffer.of(0)], [Buffer.of(0x28)], [Buffer.alloc(512)], [Buffer.from("28b52f", "hex")]])(
    "with %j behind its last frame is refused",
    async (behind) => {
      await expect(decompressed(Buffer.concat([frame(), behind]))).rejects.toMatchObject({
        code: "DRAY_ZSTD_DAMAGED",
      });
    },
  );

  it.for([["-1"], ["-3"], ["-19"], ["--no-check"], ["--fast=5"], ["-T2", "-B1MiB"]])(
    "of the zstd program with %s gives the same",
    async (flags, context) => {
      needs(context, "zstd");
      const content = Buffer.concat([
        seededBytes("zstd", 400_000),
        Buffer.from("text\n".repeat(100_000)),
        Buffer.alloc(1_000_000),
        seededBytes("zstd", 400_000),
      ]);
      expect(await decompressed(await compressed(content, ...flags))).toBe(
        content.toString("latin1"),
      );
    },
  );

  it("around a tar, and a gzip of one, is opened", async (context) => {
    needs(context, "zstd");
    const archive = await opened(await compressed(makeTar([{ name: "a", content: "hello" }])));
    expect(archive).toMatchObject({ kind: "stream", forms: ["zstd", "tar"] });
    expect(await list(archive)).toEqual([{ name: "a", kind: "file", content: "hello" }]);
  });

  it("with any bit of it changed is refused, or gives the same", async (context) => {
    needs(context, "zstd");
    const content = "some text, some text, more text\n".repeat(200);
    const bytes = await compressed(Buffer.from(content));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      const at = Math.floor(bit / 8);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << (bit % 8)), at);
      const found = await laterOutcome(() => decompressed(changed));
      expect(found instanceof DrayError ? found.kind : found).toBeOneOf(["refused", content]);
    }
  });
});
