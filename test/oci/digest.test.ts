import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DrayError } from "../../src/errors.ts";
import {
  algorithmOf,
  digestFrom,
  digestOf,
  encodedOf,
  hasherFor,
  parseDigest,
} from "../../src/oci/digest.ts";
import { blobPath } from "../../src/oci/image-layout.ts";
import { outcome } from "../refusal.ts";

const HEX_64 = "a".repeat(64);

describe("parseDigest()", () => {
  it("reads sha256 and sha512", () => {
    expect(algorithmOf(parseDigest(`sha256:${HEX_64}`))).toBe("sha256");
    expect(encodedOf(parseDigest(`sha512:${"0".repeat(128)}`))).toBe("0".repeat(128));
  });

  it.each([
    ["nothing", ""],
    ["no algorithm", HEX_64],
    ["an empty algorithm", `:${HEX_64}`],
    ["an empty value", "sha256:"],
    ["63 characters", `sha256:${"a".repeat(63)}`],
    ["65 characters", `sha256:${"a".repeat(65)}`],
    ["upper case", `sha256:${"A".repeat(64)}`],
    ["an upper-case algorithm", `SHA256:${HEX_64}`],
    ["letters beyond f", `sha256:${"g".repeat(64)}`],
    ["sha512 of the length of sha256", `sha512:${HEX_64}`],
    ["sha256 of the length of sha512", `sha256:${HEX_64}${HEX_64}`],
    ["a path", "sha256:../../../etc/passwd"],
    ["a path as algorithm", `../sha256:${HEX_64}`],
    ["a line feed behind it", `sha256:${HEX_64}\n`],
    ["a blank before it", ` sha256:${HEX_64}`],
    ["two colons", `sha256:sha256:${HEX_64}`],
    ["NUL", `sha256:${HEX_64.slice(1)}\0`],
  ])("refuses %s", (_what, text) => {
    expect(() => parseDigest(text)).toThrow(
      expect.objectContaining({ code: "DRAY_DIGEST_INVALID" }),
    );
  });

  it.each(["md5:d41d8cd98f00b204e9800998ecf8427e", `blake3:${HEX_64}`, `sha384:${"a".repeat(96)}`])(
    "says of %s that it cannot be verified",
    (text) => {
      expect(() => parseDigest(text)).toThrow(
        expect.objectContaining({ code: "DRAY_DIGEST_UNSUPPORTED" }),
      );
    },
  );

  it("throws nothing but DrayError, and what it takes is safe as a path", () => {
    const near = fc.stringMatching(/^(sha256|sha512|x+y):[a-f0-9./]{0,130}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const found = outcome(() => blobPath(parseDigest(text)));
        const path = found instanceof DrayError ? "refused" : found;
        expect(path).toMatch(/^(refused|blobs\/sha(256|512)\/[a-f0-9]+)$/);
      }),
    );
  });

  it("quotes no more than the start of what it refuses", () => {
    expect(() => parseDigest("x".repeat(1_000_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,300}$/s) as string }),
    );
  });
});

describe("digestOf()", () => {
  it("is what parseDigest() takes, for both algorithms", () => {
    for (const algorithm of ["sha256", "sha512"] as const) {
      const digest = digestOf(Buffer.from("x"), algorithm);
      expect(parseDigest(digest)).toBe(digest);
      expect(digestFrom(hasherFor(digest).update("x"), algorithm)).toBe(digest);
      expect(encodedOf(digest)).toBe(createHash(algorithm).update("x").digest("hex"));
    }
  });
});
