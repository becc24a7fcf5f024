import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endsWell } from "./ends-well.ts";
import { parseRange, parseVersion } from "../../src/chart/version-range.ts";

const allows = (range: string, version: string): boolean =>
  parseRange(range).allows(parseVersion(version));

describe("parseRange()", () => {
  it.each([
    [">=1.2.3, <2.0.0", "1.5.0", true],
    [">=1.2.3,<2", "1.5.0", true],
    [">= 1.2 < 3.0.0", "2.9.9", true],
    ["!=1.2.3", "1.2.4", true],
    ["!=1.x", "1.9.0", false],
    ["=>1.2.0", "1.2.0", true],
    ["=<1.2.0", "1.3.0", false],
    ["^2", "2.1.0", true],
    ["^0.2.3", "0.2.9", true],
    ["^0.2.3", "0.3.0", false],
    ["^0.0.3", "0.0.4", false],
    ["^0", "0.9.0", true],
    ["~1.2.3", "1.2.9", true],
    ["~1.2.3", "1.3.0", false],
    ["~1", "1.9.0", true],
    ["~0.0.0", "5.0.0", true],
    ["1.2 - 2.3.4", "2.3.4", true],
    ["1.2 - 2.3.4", "2.3.5", false],
    ["<1.0.0 || >=2.0.0", "2.0.0", true],
    [">11", "11.1.0", false],
    [">11.1", "11.2.0", true],
    ["<=11", "11.9.0", true],
    ["1.x.x", "1.5.0", true],
    ["*", "4.5.6", true],
    ["", "4.5.6", true],
    ["v1.2.3", "1.2.3", true],
  ])("%s of %s: %s", (range, version, wanted) => {
    expect(allows(range, version)).toBe(wanted);
  });

  it("takes prereleases only where a comparator of the group names one", () => {
    expect(allows(">=1.0.0", "1.5.0-beta")).toBe(false);
    expect(allows("*", "1.5.0-beta")).toBe(false);
    expect(allows("*-0", "1.5.0-beta")).toBe(true);
    expect(allows(">=1.0.0-0 <2.0.0", "1.5.0-beta")).toBe(true);
    expect(allows(">= 1.23.0-0", "v1.27.3-gke.1")).toBe(true);
  });

  it("coerces short versions", () => {
    expect(parseVersion("v1.2").version).toBe("1.2.0");
    expect(parseVersion("2.1-rc.1").version).toBe("2.1.0-rc.1");
  });

  it("throws nothing but DrayError", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (range, version) => {
        expect(endsWell(() => allows(range, version))).toBe(true);
      }),
    );
  });
});
