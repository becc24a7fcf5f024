import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { seededBytes } from "../../../fixtures/images.ts";
import { flippedByte } from "../../../src/archive/members/flipped-bit.ts";

const CONTENT = seededBytes("content", 100_003);
const stated = crc32(CONTENT);

function checksums(changed: Buffer): Parameters<typeof flippedByte>[0] {
  return { stated, found: crc32(changed), length: changed.length };
}

describe("a checksum that does not fit", () => {
  it.each([0, 1, 7, 50_000, 99_999, 100_002])("tells the byte %d where one bit flipped", (at) => {
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(CONTENT);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
      expect(flippedByte(checksums(changed))).toBe(at);
    }
  });

  it("tells nothing where two bits flipped", () => {
    const changed = Buffer.from(CONTENT);
    for (const at of [10, 70_000]) changed.writeUInt8(changed.readUInt8(at) ^ 4, at);
    expect(flippedByte(checksums(changed))).toBeUndefined();
  });

  it("tells nothing where it is the checksum that changed", () => {
    const { found, length } = checksums(CONTENT);
    expect(flippedByte({ stated: (stated ^ 0x10) >>> 0, found, length })).toBeUndefined();
  });
});
