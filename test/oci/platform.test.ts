import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DrayError } from "../../src/errors.ts";
import {
  formatPlatform,
  isRunnable,
  matchesPlatform,
  parsePlatform,
} from "../../src/oci/platform.ts";
import { outcome } from "../refusal.ts";

describe("parsePlatform()", () => {
  it.each(["linux/amd64", "linux/arm64/v8", "linux/arm/v6", "windows/amd64", "linux/amd64/v2"])(
    "reads %s and writes it as it was",
    (text) => {
      expect(formatPlatform(parsePlatform(text))).toBe(text);
    },
  );

  it.each([
    "",
    "linux",
    "linux/",
    "/amd64",
    "linux/amd64/",
    "a/b/c/d",
    "Linux/amd64",
    "linux amd64",
  ])("refuses %j", (text) => {
    expect(() => parsePlatform(text)).toThrow(
      expect.objectContaining({ code: "DRAY_PLATFORM_INVALID", kind: "usage" }),
    );
  });

  it("throws nothing but DrayError", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = outcome(() => formatPlatform(parsePlatform(text)));
        expect(found instanceof DrayError ? text : found).toBe(text);
      }),
    );
  });
});

describe("formatPlatform()", () => {
  it("leaves out a variant that is empty", () => {
    expect(formatPlatform({ os: "linux", architecture: "amd64", variant: "" })).toBe("linux/amd64");
  });
});

function matches(wanted: string, found: string): boolean {
  return matchesPlatform(parsePlatform(wanted), parsePlatform(found));
}

describe("matchesPlatform()", () => {
  it("takes every variant where none was asked for", () => {
    expect(matches("linux/arm", "linux/arm/v6")).toBe(true);
    expect(matches("linux/arm64", "linux/arm64/v8")).toBe(true);
  });

  it("knows the variant that goes without saying", () => {
    expect(matches("linux/arm64/v8", "linux/arm64")).toBe(true);
    expect(matches("linux/arm/v7", "linux/arm")).toBe(true);
    expect(matches("linux/arm/v6", "linux/arm")).toBe(false);
  });

  it("tells systems and architectures apart", () => {
    expect(matches("linux/amd64", "windows/amd64")).toBe(false);
    expect(matches("linux/amd64", "linux/arm64")).toBe(false);
    expect(matches("linux/amd64/v2", "linux/amd64/v3")).toBe(false);
  });
});

describe("isRunnable()", () => {
  it("is false for attestations", () => {
    expect(isRunnable({ os: "unknown", architecture: "unknown" })).toBe(false);
    expect(isRunnable({ os: "linux", architecture: "amd64" })).toBe(true);
  });
});
